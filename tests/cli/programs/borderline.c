/* SPDX-License-Identifier: MIT */
/*
 * A test of a suite, in one of the ways that stand near the border between a slip and a program
 * that just ends. Arguments: a way and a number.
 *
 *     returns MS    reads the end, works on for so long, returns: silent below the grace
 *     closes MS     the same, but closes before it returns: always silent
 *     opens N       reads the end, then opens and closes N more: a leak from two on
 *     leaves MS     the peer leaves, nobody reads it, and it returns after so long
 *     late US       the peer leaves so many us before or after the exit: nobody can tell
 *     marks N       reads the end under a mark, and N further marks are set: a leak from one on
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sockaudit/sockaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int server;
static struct sockaddr_in address;

static int connected(int *peer)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		exit(3);
	*peer = accept(server, NULL, NULL);
	return fd;
}

static __attribute__((noinline)) int fetch(void)
{
	char byte;
	int peer, fd = connected(&peer);

	close(peer);
	if (read(fd, &byte, 1) != 0)
		exit(3);
	return fd;
}

static void *leave_late(void *peer)
{
	close(*(int *)peer);
	return NULL;
}

int main(int count, char **arguments)
{
	socklen_t size = sizeof address;
	const char *way = count > 2 ? arguments[1] : "";
	unsigned number = count > 2 ? (unsigned)atoi(arguments[2]) : 0;
	pthread_t thread;
	int peer;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (server < 0 || bind(server, (struct sockaddr *)&address, size) || listen(server, 9) ||
	    getsockname(server, (struct sockaddr *)&address, &size))
		return 3;
	if (!strcmp(way, "returns")) {
		fetch();
		usleep(number * 1000);
	} else if (!strcmp(way, "closes")) {
		int fd = fetch();
		usleep(number * 1000);
		close(fd);
	} else if (!strcmp(way, "opens")) {
		fetch();
		for (unsigned i = 0; i < number; i++)
			close(socket(AF_INET, SOCK_STREAM, 0));
	} else if (!strcmp(way, "leaves")) {
		connected(&peer);
		close(peer);
		usleep(number * 1000);
	} else if (!strcmp(way, "late")) {
		connected(&peer);
		if (pthread_create(&thread, NULL, leave_late, &peer))
			return 3;
		usleep(number);
	} else if (!strcmp(way, "marks")) {
		sockaudit_mark("first");
		fetch();
		for (unsigned i = 0; i < number; i++)
			sockaudit_mark("next");
	} else {
		return 3;
	}
	return 0;
}
