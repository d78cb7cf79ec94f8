/* SPDX-License-Identifier: MIT */
/*
 * late_news ROUNDS: one thread reads the end of a socket at the moment when another closes it and
 * is given its number for a new one. The news is of the old socket; the new ones live, and are
 * kept.
 */
#include "talk.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>

static atomic_int number = -1, over;
static atomic_uint ends, opened, closed;

static void *reads(void *unused)
{
	char byte;

	while (!over) {
		int fd = number;
		ends += fd >= 0 && recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
	}
	return unused;
}

/* Reads its first end while this waits: then the number changes hands. */
static void one_round(unsigned delay)
{
	int pair[2], fresh[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
	number = pair[0];
	/* The reader has come. */
	while (!ends)
		;
	for (volatile unsigned i = 0; i < delay; i++)
		;
	NEED(close(pair[0]) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, fresh) == 0);
	NEED(fresh[0] == pair[0]);
	opened += 4;
	closed += 2;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	struct rlimit limit;
	pthread_t reader;

	NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < (unsigned)rounds * 2 + 50)
		rounds = (int)(limit.rlim_max - 50) / 2;
	NEED(!pthread_create(&reader, NULL, reads, NULL));
	for (int i = 0; i < rounds; i++)
		one_round((unsigned)i * 7 % 1500);
	over = 1;
	pthread_join(reader, NULL);
	printf("read %d\n", ends > 0);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
