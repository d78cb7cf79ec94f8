/* SPDX-License-Identifier: MIT */
/*
 * exec_chain STAGE...: replaces itself, stage by stage, and says the numbers of what it has.
 *   open     a connection, a listener, a copy; one that is close-on-exec; one closed; one replaced
 * behind our back more     one socket more refused  an exec that fails, between two sockets child
 * the rest is done by a forked child that uses no socket before use      a byte over the connection
 *   kill     ends by SIGKILL
 *   end      returns from main
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../raw.h"

static void stage_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof in;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&in, sizeof in) || listen(listener, 5) ||
	    getsockname(listener, (struct sockaddr *)&in, &size))
		exit(1);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&in, size))
		exit(1);
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC), copy = dup(client);
	int closed = socket(AF_INET, SOCK_DGRAM, 0), replaced = socket(AF_INET, SOCK_DGRAM, 0);
	close(closed);
	raw_call(SYS_close, replaced, 0, 0, 0, 0);
	int stranger = (int)raw_call(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0);
	if (stranger != closed)
		exit(1);
	/* Another socket gets the replaced one's number, and the ledger still holds the old one's
	 * life. */
	if (raw_call(SYS_dup3, stranger, replaced, 0, 0, 0) != replaced)
		exit(1);
	raw_call(SYS_close, stranger, 0, 0, 0, 0);
	printf("listener %d, client %d, server %d, copy %d, replaced %d\n", listener, client,
	       server, copy, replaced);
}

static void stage_child(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		return;
	waitpid(child, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc < 2)
		return 0;
	printf("pid %d, %s\n", (int)getpid(), argv[1]);
	if (strcmp(argv[1], "open") == 0)
		stage_open();
	else if (strcmp(argv[1], "more") == 0)
		printf("more %d\n", socket(AF_INET, SOCK_STREAM, 0));
	else if (strcmp(argv[1], "refused") == 0)
		execl("/nonexistent/program", "a", (char *)NULL);
	else if (strcmp(argv[1], "child") == 0)
		stage_child();
	else if (strcmp(argv[1], "use") == 0)
		printf("sent %zd\n", send(4, "x", 1, 0));
	else if (strcmp(argv[1], "kill") == 0)
		raise(SIGKILL);
	else if (strcmp(argv[1], "end") == 0)
		return 0;
	argv[1] = argv[0];
	execv("/proc/self/exe", argv + 1);
	return 98;
}
