/* SPDX-License-Identifier: MIT */
/*
 * What a connection costs with the library: socket, connect, accept and both closes on loopback,
 * each call 20 frames deep. Runs itself in alternating pairs, bare and audited, and prints the
 * medians and their ratio, with a control of bare against bare. `connection_cost LIBRARY [ROUNDS
 * [CONNECTIONS]]`.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server;
static int listener;

#define DEPTH 17 /* with main, the round and libc's two: 20 frames and more */

__attribute__((noinline)) static int deep_connect(int depth)
{
	int fd;

	if (depth) {
		fd = deep_connect(depth - 1);
	} else {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&server, sizeof server))
			exit(3);
	}
	__asm__ volatile("" ::: "memory");
	return fd;
}

__attribute__((noinline)) static int deep_accept(int depth)
{
	int fd = depth ? deep_accept(depth - 1) : accept(listener, NULL, NULL);

	__asm__ volatile("" ::: "memory");
	return fd;
}

__attribute__((noinline)) static int deep_close(int depth, int fd)
{
	int result = depth ? deep_close(depth - 1, fd) : close(fd);

	__asm__ volatile("" ::: "memory");
	return result;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* As the measured program: prints microseconds a connection. */
static int measure(long connections)
{
	socklen_t size = sizeof server;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	server = (struct sockaddr_in){ .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(listener, (struct sockaddr *)&server, sizeof server) || listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&server, &size))
		return 2;
	double start = 0;
	for (long i = -connections / 10; i < connections; i++) {
		if (i == 0)
			start = now();
		int client = deep_connect(DEPTH), accepted = deep_accept(DEPTH);
		if (accepted < 0 || deep_close(DEPTH, client) || deep_close(DEPTH, accepted))
			return 3;
	}
	printf("%.3f\n", (now() - start) / (double)connections);
	return 0;
}

static double run(const char *self, const char *library, const char *connections)
{
	char command[4096], line[64] = "";

	snprintf(command, sizeof command, "%s%s %s measure %s", library ? "LD_PRELOAD=" : "",
		 library ? library : "", self, connections);
	FILE *pipe = popen(command, "r");
	if (!pipe || !fgets(line, sizeof line, pipe) || pclose(pipe) != 0)
		exit(2);
	return atof(line);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, by_size);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "measure"))
		return measure(atol(argv[2]));
	if (argc < 2) {
		fprintf(stderr, "usage: connection_cost LIBRARY [ROUNDS [CONNECTIONS]]\n");
		return 2;
	}
	int rounds = argc > 2 ? atoi(argv[2]) : 11;
	const char *connections = argc > 3 ? argv[3] : "5000";
	double bare[99], audited[99], ratio[99], control[99];
	rounds = rounds < 1 ? 1 : rounds > 99 ? 99 : rounds;
	for (int i = 0; i < rounds; i++) {
		/* Turns: what the machine does meanwhile hits all three. */
		double first = run(argv[0], NULL, connections);
		audited[i] = run(argv[0], argv[1], connections);
		bare[i] = run(argv[0], NULL, connections);
		ratio[i] = audited[i] / ((first + bare[i]) / 2);
		control[i] = bare[i] / first;
	}
	printf("connect+accept+2 close, 20 frames deep: bare %.2f us, audited %.2f us; ratio %.3f "
	       "(control %.3f, spread %.3f to %.3f)\n",
	       median(bare, rounds), median(audited, rounds), median(ratio, rounds),
	       median(control, rounds), control[0], control[rounds - 1]);
	return 0;
}
