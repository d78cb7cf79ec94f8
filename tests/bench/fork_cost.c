/* SPDX-License-Identifier: MIT */
/*
 * What a fork costs in a process with many open sockets, microseconds with its child's end, the
 * median of FORKS: `fork_cost SOCKETS FORKS [exec] [again]`. The children end at once, or become
 * /bin/true. `again`: once more for each line of its standard input.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FORKS_MAX 10000

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

static double median_fork(int forks, bool becomes)
{
	static double took[FORKS_MAX];

	for (int i = 0; i < forks; i++) {
		double began = now_us();
		pid_t child = fork();

		if (child < 0)
			exit(2);
		if (!child) {
			if (becomes)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		if (waitpid(child, NULL, 0) != child)
			exit(2);
		took[i] = now_us() - began;
	}
	qsort(took, (size_t)forks, sizeof took[0], by_size);
	return took[forks / 2];
}

static bool is_asked(int argc, char **argv, const char *what)
{
	for (int i = 3; i < argc; i++)
		if (!strcmp(argv[i], what))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	int sockets = argc > 2 ? atoi(argv[1]) : 0, forks = argc > 2 ? atoi(argv[2]) : 0;
	struct rlimit limit;
	char line[16];

	if (forks < 1 || forks > FORKS_MAX)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	/* Not close-on-exec: the exec'ed program finds them all. */
	for (int i = 0; i < sockets; i++)
		if (socket(AF_INET, SOCK_STREAM, 0) < 0)
			return 2;
	do {
		printf("%.2f\n", median_fork(forks, is_asked(argc, argv, "exec")));
		fflush(stdout);
	} while (is_asked(argc, argv, "again") && fgets(line, sizeof line, stdin));
	return 0;
}
