/* SPDX-License-Identifier: MIT */
/*
 * What a connection costs, microseconds each: socket, connect, accept and both closes on loopback,
 * each call 20 frames deep. `connection_cost CONNECTIONS`.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	long connections = atol(argv[1]);
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
