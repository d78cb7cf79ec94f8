/* SPDX-License-Identifier: MIT */
/*
 * What a fork costs in a process with many open sockets, microseconds with its child's end, the
 * median of FORKS: `fork_cost SOCKETS FORKS [exec]`. The children end at once, or become /bin/true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double took[10000];

	if (argc < 3)
		return 2;
	int sockets = atoi(argv[1]), forks = atoi(argv[2]);

	if (forks < 1 || forks > (int)(sizeof took / sizeof took[0]))
		return 2;
	int becomes = argc > 3 && !strcmp(argv[3], "exec");
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	/* Not close-on-exec: the exec'ed program finds them all. */
	for (int i = 0; i < sockets; i++)
		if (socket(AF_INET, SOCK_STREAM, 0) < 0)
			return 2;
	for (int i = 0; i < forks; i++) {
		double began = now_us();
		pid_t child = fork();

		if (child < 0)
			return 2;
		if (!child) {
			if (becomes)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			return 2;
		took[i] = now_us() - began;
	}
	qsort(took, (size_t)forks, sizeof took[0], by_size);
	printf("%.2f\n", took[forks / 2]);
	return 0;
}
