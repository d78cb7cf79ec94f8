/* SPDX-License-Identifier: MIT */
/*
 * sweep HOW: sockets with stacks of many kinds, then every number from 3 is closed as daemons do,
 * then new sockets carry bytes that must arrive whole and alone. HOW: loop, down, closefrom,
 * close_range, syscall, proc, gap.
 */
#include "loopback.h"
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int opened;
static int closed;

__attribute__((noinline)) static int deep(int depth)
{
	int fd = depth ? deep(depth - 1) : socket(AF_INET, SOCK_STREAM, 0);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static void *open_some(void *depth)
{
	for (int i = 0; i < 10; i++, opened++)
		deep((int)(long)depth + i);
	return NULL;
}

static void sweep(const char *how)
{
	int good = 0, bad = 0;

	if (!strcmp(how, "loop") || !strcmp(how, "gap")) {
		for (int fd = 3; fd < 1024; fd++)
			if (strcmp(how, "gap") || fd != 11) {
				if (close(fd) == 0)
					good++;
				else
					bad += errno == EBADF;
			}
		/* Once more, as libraries do before exec. */
		for (int fd = 3; fd < 1024; fd++)
			if (strcmp(how, "gap") || fd != 11)
				bad += close(fd) != 0;
	} else if (!strcmp(how, "down")) {
		for (int fd = 1023; fd >= 3; fd--)
			good += close(fd) == 0;
	} else if (!strcmp(how, "high")) {
		for (int i = 0; i < 20; i++)
			bad += close(INT_MAX - i) != 0;
		closefrom(3);
	} else if (!strcmp(how, "closefrom")) {
		closefrom(3);
	} else if (!strcmp(how, "close_range")) {
		printf("close_range %d\n", close_range(3, ~0u, 0));
	} else if (!strcmp(how, "syscall")) {
		for (int fd = 3; fd < 1024; fd++)
			good += syscall(SYS_close, fd) == 0;
	}
	printf("closed %d, refused %d\n", good, bad);
}

/* Every number up to 100 is a socket of ours now: whoever still writes to an old number is found
 * out. */
static int exchange(void)
{
	int pair[2], wrong = 0;

	for (int i = 0; i < 60; i++) {
		char sent[32], got[64];
		int size = snprintf(sent, sizeof sent, "HELLO %d", i);

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			return -1;
		opened += 2;
		if (i % 3 == 0) {
			deep(i + 3); /* a stack not met before, while the pair has low numbers */
			opened++;
		}
		if (write(pair[0], sent, (size_t)size) != size)
			wrong++;
		ssize_t n = recv(pair[1], got, sizeof got, MSG_DONTWAIT);
		wrong += n != size || memcmp(got, sent, (size_t)size) != 0;
		/* And nothing else comes, neither way. */
		wrong += recv(pair[1], got, sizeof got, MSG_DONTWAIT) != -1;
		wrong += recv(pair[0], got, sizeof got, MSG_DONTWAIT) != -1;
	}
	return wrong;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "loop";
	pthread_t threads[3];

	setvbuf(stdout, NULL, _IONBF, 0);
	open_some((void *)0L);
	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, open_some, (void *)(i * 7));
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	closed = opened - !strcmp(how, "gap");
	sweep(how);
	int first = deep(40);
	opened++;
	printf("first %d\n", first);
	printf("wrong %d\n", exchange());
	printf("# opened %d closed %d\n", opened, closed);
	return 0;
}
