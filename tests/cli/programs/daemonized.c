/* SPDX-License-Identifier: MIT */
/*
 * daemonized FILE: becomes a daemon by daemon() while it has sockets, uses one of them, closes
 * every number from 0 to 1023, and opens sockets on those numbers. It tells its own story in FILE,
 * which the starter prints when all have ended.
 */
#include "talk.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

__attribute__((noinline)) static void leaks(FILE *file)
{
	int pair[2];
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
	ssize_t n = recv(pair[0], &byte, 1, 0);
	fprintf(file, "leaked %d, received %zd\n", pair[0], n);
}

static int the_daemon(const char *path, const int inherited[2])
{
	int pair[2], failed = 0, gone = 0;
	char byte = 'x';

	failed += send(inherited[0], &byte, 1, 0) != 1 || recv(inherited[1], &byte, 1, 0) != 1;
	for (int fd = 0; fd < 1024; fd++)
		gone += close(fd) == 0;
	NEED(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
	FILE *file = fopen(path, "w");
	NEED(file);
	fprintf(file, "failed %d, closed %d\n", failed, gone);
	for (int i = 0; i < 20; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		failed += send(pair[0], &byte, 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1;
		failed += close(pair[0]) != 0 || recv(pair[1], &byte, 1, 0) != 0 ||
			  close(pair[1]) != 0;
	}
	leaks(file);
	for (int i = 0; i < 3; i++)
		close(socket(AF_UNIX, SOCK_STREAM, 0));
	fprintf(file, "failed %d\npid %d\n# opened 45 closed 44\n", failed, getpid());
	fclose(file);
	return 3;
}

int main(int argc, char **argv)
{
	int pair[2], status, daemons_status = -1;
	char line[256];

	NEED(argc == 2 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		NEED(daemon(1, 1) == 0);
		/* exit, not _exit: the line of a leak is said there. */
		exit(the_daemon(argv[1], pair));
	}
	NEED(child > 0);
	for (pid_t pid; (pid = wait(&status)) > 0;)
		if (pid != child)
			daemons_status = status;
	printf("daemon %x\n", daemons_status);
	FILE *file = fopen(argv[1], "r");
	while (file && fgets(line, sizeof line, file))
		fputs(line, stdout);
	NEED(close(pair[0]) == 0 && close(pair[1]) == 0);
	return 0;
}
