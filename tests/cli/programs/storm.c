/* SPDX-License-Identifier: MIT */
/*
 * storm SECONDS [THREADS [STACK_KIB]]: threads open, pass, copy, close and reuse numbers at full
 * speed. A socket is closed by the thread that happens to hold it, so one's close and another's
 * socket() meet on the same number.
 */
#include "loopback.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static atomic_uint opened, closed, copied, wrong, rounds;
static atomic_int stop;
static struct sockaddr_in address;
static int listener;

/* Descriptors on their way from one thread to another, + 1; 0: an empty place. */
static atomic_int passing[16];

__attribute__((noinline)) static int deep(int depth, int type)
{
	int fd = depth ? deep(depth - 1, type) : socket(AF_UNIX, type, 0);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static void close_one(int fd)
{
	if (close(fd) == 0)
		closed++;
	else
		wrong++;
}

/* Gives a socket away and closes the one that it gets for it. */
static void pass(unsigned *seed, int fd)
{
	int other = atomic_exchange(&passing[rand_r(seed) % 16], fd + 1);

	if (other)
		close_one(other - 1);
}

static void one_round(unsigned *seed)
{
	int pair[2], fd, copy;
	char byte = 0;

	switch (rand_r(seed) % 6) {
	case 0:
		fd = deep((int)(rand_r(seed) % 24), SOCK_STREAM);
		opened++;
		pass(seed, fd);
		break;
	case 1:
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
			wrong++;
			break;
		}
		opened += 2;
		wrong += write(pair[0], "s", 1) != 1 || read(pair[1], &byte, 1) != 1 || byte != 's';
		pass(seed, pair[0]);
		pass(seed, pair[1]);
		break;
	case 2:
		fd = deep((int)(rand_r(seed) % 24), SOCK_DGRAM);
		opened++;
		copy = dup(fd);
		copied += copy >= 0;
		wrong += copy < 0 || close(fd) != 0;
		close_one(copy);
		break;
	case 3:
		fd = socket(AF_INET, SOCK_STREAM, 0);
		opened++;
		wrong += connect(fd, (struct sockaddr *)&address, sizeof address) != 0;
		close_one(fd);
		fd = accept(listener, NULL, NULL);
		if (fd >= 0) {
			opened++;
			read(fd, &byte, 1);
			pass(seed, fd);
		}
		break;
	case 4:
		/* A file takes and gives back numbers too. */
		fd = dup(0);
		wrong += close(fd) != 0;
		break;
	case 5:
		fd = deep(2, SOCK_STREAM);
		copy = deep(3, SOCK_STREAM);
		opened += 2;
		/* dup2 closes what stood there. */
		wrong += dup2(fd, copy) != copy;
		copied++;
		closed++;
		wrong += close(fd) != 0;
		close_one(copy);
		break;
	}
	rounds++;
}

static void *blow(void *number)
{
	unsigned seed = (unsigned)(long)number;

	while (!stop)
		one_round(&seed);
	return NULL;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 10;
	int threads = argc > 2 ? atoi(argv[2]) : 8;
	size_t stack = argc > 3 ? (size_t)atoi(argv[3]) << 10 : 0;
	pthread_t thread[64];
	pthread_attr_t attributes;

	listener = loopback_listen(&address);
	opened = 1;
	pthread_attr_init(&attributes);
	if (stack && pthread_attr_setstacksize(&attributes, stack))
		return 2;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread[i], &attributes, blow, (void *)(i + 1)))
			return 2;
	struct timespec time = { (time_t)seconds,
				 (long)((seconds - (double)(time_t)seconds) * 1e9) };
	nanosleep(&time, NULL);
	stop = 1;
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	/* Half of what is under way stays open. */
	for (int i = 0; i < 8; i++)
		if (passing[i])
			close_one(passing[i] - 1);
	fprintf(stderr, "%u rounds\n", rounds);
	printf("worked %d, wrong %u\n", rounds > 100, wrong);
	printf("# opened %u closed %u copied %u\n", opened, closed, copied);
	return 0;
}
