/* SPDX-License-Identifier: MIT */
/*
 * forking COUNT [SECONDS]: forks while two threads open and close sockets with ever new stacks.
 * Most children end at once, every 16th opens sockets, every 32nd uses one that it inherited. A
 * child that hangs is killed and counted.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int stop;
static atomic_uint opened, closed;

/* Two functions that call each other by the bits of `way`: as many stacks as numbers. */
__attribute__((noinline)) static int left(unsigned way, int depth);

__attribute__((noinline)) static int right(unsigned way, int depth)
{
	int fd = depth ? (way & 1 ? left : right)(way >> 1, depth - 1)
		       : socket(AF_UNIX, SOCK_STREAM, 0);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static int left(unsigned way, int depth)
{
	int fd = depth ? (way & 1 ? right : left)(way >> 1, depth - 1)
		       : socket(AF_UNIX, SOCK_STREAM, 0);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static void *capture(void *argument)
{
	unsigned way = (unsigned)(long)argument;

	while (!stop) {
		int fd = left(way = way * 1664525 + 1013904223, 10);

		opened++;
		close(fd);
		closed++;
		/* Bursts: the machine is for the forks, which must meet a capture often, not
		 * always. */
		if (way % 16 == 0)
			usleep(100);
	}
	return NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int child_life(int i, int inherited)
{
	char byte = 'c';

	alarm(10); /* a hang is a death by SIGALRM */
	if (i % 16 == 0) {
		int one = left((unsigned)i, 10), two = right((unsigned)i, 3);

		if (one < 0 || two < 0 || close(one) || close(two))
			return 1;
	}
	if (i % 32 == 0 && write(inherited, &byte, 1) != 1)
		return 2;
	return 0;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 20000, done = 0, bad = 0, pair[2];
	double until = now() + (argc > 2 ? atof(argv[2]) : 20);
	pthread_t threads[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 2;
	opened += 2;
	for (long i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, capture, (void *)(i + 7));
	for (; done < count && now() < until; done++) {
		int status = -1;
		pid_t child = fork();

		if (child < 0)
			return 3;
		if (child == 0)
			_exit(child_life(done, pair[0]));
		waitpid(child, &status, 0);
		if (status) {
			bad++;
			fprintf(stderr, "child %d: status %x\n", done, (unsigned)status);
		} else if (done % 32 == 0 && (read(pair[1], &byte, 1) != 1 || byte != 'c')) {
			bad++;
		}
	}
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("bad %d\n", bad);
	printf("# opened %u closed %u\n", opened, closed);
	printf("forked %d\n", done);
	return 0;
}
