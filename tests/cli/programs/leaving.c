/* SPDX-License-Identifier: MIT */
/*
 * A program that leaks three sockets, as one on which an example is tried: it reads the end of its
 * peer and does not close. With an argument it stays until it is killed.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int server;
static struct sockaddr_in address;

static __attribute__((noinline)) int fetch(void)
{
	char byte;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		exit(3);
	close(accept(server, NULL, NULL));
	if (read(fd, &byte, 1) != 0)
		exit(3);
	return fd;
}

int main(int count, char **arguments)
{
	socklen_t size = sizeof address;

	(void)arguments;
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&address, size) || listen(server, 9) ||
	    getsockname(server, (struct sockaddr *)&address, &size))
		return 3;
	for (int i = 0; i < 3; i++)
		fetch();
	if (count > 1)
		pause();
	return 0;
}
