/* SPDX-License-Identifier: MIT */
/*
 * What the start of a program costs with the library, by turns: bare, audited, bare again.
 * `start_cost LIBRARY TIMES PROGRAM [ARGUMENT]...` prints the medians, in us from the spawning to
 * the end. It is not audited itself; the program's ledgers go where SOCKAUDIT_OPTIONS says.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define TIMES_MAX 10000

extern char **environ;

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

static double start(char **command, char **environment)
{
	int status;
	pid_t child;
	double began = now_us();

	if (posix_spawnp(&child, command[0], NULL, NULL, command, environment) ||
	    waitpid(child, &status, 0) != child || status)
		exit(2);
	return now_us() - began;
}

int main(int argc, char **argv)
{
	static double took[3][TIMES_MAX];
	static char preload[4096];
	char **audited;
	int times = argc > 3 ? atoi(argv[2]) : 0, variables = 0;

	if (times < 1 || times > TIMES_MAX)
		return 2;
	while (environ[variables])
		variables++;
	audited = calloc((size_t)variables + 2, sizeof *audited);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
	memcpy(audited, environ, (size_t)variables * sizeof *audited);
	audited[variables] = preload;
	for (int i = 0; i < times; i++)
		for (int turn = 0; turn < 3; turn++)
			took[turn][i] = start(argv + 3, turn == 1 ? audited : environ);
	for (int turn = 0; turn < 3; turn++) {
		qsort(took[turn], (size_t)times, sizeof took[turn][0], by_size);
		printf("%.2f%c", took[turn][times / 2], turn == 2 ? '\n' : ' ');
	}
	return 0;
}
