/* SPDX-License-Identifier: MIT */
/*
 * A process that grows in steps, for who measures its memory from outside: `memory_cost WHAT
 * AMOUNT...`. At each amount, which is larger than the one before, it prints "ready" and goes on
 * when it is sent a line.
 *
 *   udp, unix, tcp    descriptors open at once; tcp: connected pairs on loopback
 *   lives             descriptors opened and closed again, a thousand at a time
 *   connections       the same with TCP connections, which leave records of their ends
 *   stacks            distinct stacks of 20 frames and more that opened (and closed) a socket
 *   nothing           no socket at all
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address = { .sin_family = AF_INET };
static int listener = -1;

static int fail(const char *what)
{
	perror(what);
	exit(2);
}

static int made(int fd, const char *what)
{
	return fd < 0 ? fail(what) : fd;
}

static void listen_anywhere(void)
{
	socklen_t size = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = made(socket(AF_INET, SOCK_STREAM, 0), "socket");
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		fail("listen");
}

/* Both ends: the client's is answered. */
static int connect_pair(int *taken)
{
	int fd = made(socket(AF_INET, SOCK_STREAM, 0), "socket");

	if (connect(fd, (struct sockaddr *)&address, sizeof address))
		fail("connect");
	*taken = made(accept(listener, NULL, NULL), "accept");
	return fd;
}

static void grow_udp(long from, long to)
{
	while (from++ < to)
		made(socket(AF_INET, SOCK_DGRAM, 0), "socket");
}

static void grow_unix(long from, long to)
{
	while (from++ < to)
		made(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
}

static void grow_tcp(long from, long to)
{
	int taken;

	for (from += from % 2; from < to; from += 2)
		connect_pair(&taken);
}

#define BATCH 1000

static void grow_lives(long from, long to)
{
	int fds[BATCH];

	while (from < to) {
		int count = to - from < BATCH ? (int)(to - from) : BATCH;

		for (int i = 0; i < count; i++)
			fds[i] = made(socket(AF_INET, SOCK_DGRAM, 0), "socket");
		for (int i = 0; i < count; i++)
			close(fds[i]);
		from += count;
	}
}

/* Reset, so that no TIME_WAIT holds a port: the ledger keeps each such end, as it does a FIN's. */
static void grow_connections(long from, long to)
{
	static const struct linger reset = { .l_onoff = 1 };

	for (; from < to; from++) {
		int taken, fd = connect_pair(&taken);

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(fd);
		close(taken);
	}
}

/* The path down is the number's, two bits a frame: as many stacks as numbers. */
typedef int descent(unsigned long path, int depth);
static descent left, ahead, right, back;
static descent *const ways[4] = { left, ahead, right, back };

#define WAY(name)                                                                                  \
	__attribute__((noinline)) static int name(unsigned long path, int depth)                   \
	{                                                                                          \
		int fd = depth ? ways[path & 3](path >> 2, depth - 1)                              \
			       : socket(AF_INET, SOCK_DGRAM, 0);                                   \
		__asm__ volatile("" : "+r"(fd) : : "memory");                                      \
		return fd;                                                                         \
	}
WAY(left)
WAY(ahead)
WAY(right)
WAY(back)

#define DEPTH 17 /* with main, the step and libc's two: 20 frames and more */

static void grow_stacks(long from, long to)
{
	for (; from < to; from++)
		close(made(left((unsigned long)from, DEPTH - 1), "socket"));
}

static void grow_nothing(long from, long to)
{
	(void)from, (void)to;
}

static const struct {
	const char *name;
	void (*grow)(long from, long to);
	bool listens;
} kinds[] = {
	{ "udp", grow_udp, false },	    { "unix", grow_unix, false },
	{ "tcp", grow_tcp, true },	    { "lives", grow_lives, false },
	{ "stacks", grow_stacks, false },   { "connections", grow_connections, true },
	{ "nothing", grow_nothing, false },
};

int main(int argc, char **argv)
{
	struct rlimit limit;
	char line[16];
	long done = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned i = 0; argc > 1 && i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		if (kinds[i].listens)
			listen_anywhere();
		for (int step = 2; step < argc; step++) {
			kinds[i].grow(done, atol(argv[step]));
			done = atol(argv[step]);
			puts("ready");
			fflush(stdout);
			if (!fgets(line, sizeof line, stdin))
				return 0;
		}
		return 0;
	}
	return 2;
}
