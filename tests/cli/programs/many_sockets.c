/* SPDX-License-Identifier: MIT */
/*
 * many_sockets exec|exit COUNT: what COUNT open descriptors cost. exec: a child that inherits them
 * execs /bin/true, and its CPU time is told. exit: every second one is a dup of the one before; the
 * CPU time until the return from main() is told, so that the rest is the exit's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static long microseconds(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	char *arguments[] = { "true", NULL }, *environment[] = { NULL };
	int count = argc > 2 ? atoi(argv[2]) : 0, status = 0;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < count; i += 2) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (fd < 0 || dup(fd) < 0)
			return 3;
	}
	if (argc > 1 && !strcmp(argv[1], "exec")) {
		pid_t child = fork();

		if (!child) {
			execve("/bin/true", arguments, environment);
			_exit(1);
		}
		waitpid(child, &status, 0);
	}
	printf("# self %ld children %ld status %d\n", microseconds(RUSAGE_SELF),
	       microseconds(RUSAGE_CHILDREN), status);
	return 0;
}
