/* SPDX-License-Identifier: MIT */
/*
 * What a wait costs that has a thousand things to tell and none of them a hang-up, microseconds
 * each: `wait_cost epoll|poll DESCRIPTORS WAITS`. One descriptor in ten has something to read.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	int by_epoll = !strcmp(argv[1], "epoll"), count = atoi(argv[2]), waits = atoi(argv[3]);
	struct pollfd *polled = calloc((size_t)count, sizeof *polled);
	struct epoll_event *events = calloc((size_t)count, sizeof *events);
	int epoll = epoll_create1(EPOLL_CLOEXEC), ready = (count + 9) / 10;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < count; i++) {
		int pair[2];

		/* Only what has something to read needs another end. */
		if (i % 10 ? (pair[0] = socket(AF_UNIX, SOCK_DGRAM, 0)) < 0
			   : socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
				     write(pair[1], "x", 1) != 1)
			return 2;
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = pair[0] };
		polled[i] = (struct pollfd){ .fd = pair[0], .events = POLLIN | POLLRDHUP };
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event))
			return 2;
	}
	double began = now_us();
	for (int i = 0; i < waits; i++)
		if ((by_epoll ? epoll_wait(epoll, events, count, 0)
			      : poll(polled, (nfds_t)count, 0)) != ready)
			return 3;
	printf("%.2f\n", (now_us() - began) / waits);
	return 0;
}
