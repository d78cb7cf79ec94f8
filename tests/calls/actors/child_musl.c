/* SPDX-License-Identifier: MIT */
/* Built by musl-gcc: a program that makes sockets, copies, forks and tells what came of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof in;
	char buffer[16] = "";
	int status = 0;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&in, sizeof in) || listen(listener, 5) ||
	    getsockname(listener, (struct sockaddr *)&in, &size))
		return 1;
	int client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&in, size))
		return 2;
	int server = accept(listener, NULL, NULL), copy = dup(server);
	pid_t child = fork();
	if (child == 0)
		_exit(send(client, "musl", 4, 0) == 4 ? 5 : 6);
	if (waitpid(child, &status, 0) != child)
		return 3;
	ssize_t n = recv(copy, buffer, sizeof buffer, 0);
	int second = close(999);
	int error = errno;
	printf("%d %d %d %d: child %d, %zd bytes '%s', close %d errno %d, fcntl %d\n", listener,
	       client, server, copy, WEXITSTATUS(status), n, buffer, second, error,
	       fcntl(copy, F_GETFD));
	close(client);
	printf("end: %zd\n", read(copy, buffer, sizeof buffer));
	return 0;
}
