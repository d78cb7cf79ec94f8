/* SPDX-License-Identifier: MIT */
/*
 * What the system calls cost that the library makes when a socket is opened or closed, on a
 * connected one, microseconds each: the lowest of twenty runs, as noise only adds.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int fd;

static void cookie(void)
{
	unsigned long long value;
	socklen_t size = sizeof value;

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &size);
}

static void peer(void)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	getpeername(fd, (struct sockaddr *)&address, &size);
}

static void inode(void)
{
	struct stat status;

	fstat(fd, &status);
}

static double measure(void (*call)(void))
{
	double best = 1e9;

	for (int run = 0; run < 20; run++) {
		struct timespec began, end;

		clock_gettime(CLOCK_MONOTONIC, &began);
		for (int i = 0; i < 2000; i++)
			call();
		clock_gettime(CLOCK_MONOTONIC, &end);
		double us = ((double)(end.tv_sec - began.tv_sec) * 1e9 +
			     (double)(end.tv_nsec - began.tv_nsec)) /
			    2000 / 1e3;
		if (us < best)
			best = us;
	}
	return best;
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &size) ||
	    connect(fd, (struct sockaddr *)&address, sizeof address)) {
		perror("connect");
		return 2;
	}
	printf("getsockopt %.3f\n", measure(cookie));
	printf("getpeername %.3f\n", measure(peer));
	printf("newfstatat %.3f\n", measure(inode));
	return 0;
}
