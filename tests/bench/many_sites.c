/* SPDX-License-Identifier: MIT */
/*
 * The main() of a large program with thousands of places that open sockets (make_sites):
 * `many_sites SOCKETS [FIRST [LAST]]`. Opens that many TCP sockets, both ends of loopback
 * connections, at the places FIRST to LAST in turn: one end at each. Of fifty connections one has
 * ended: the peer shut its way, and every second time its end was read. Prints "ready" and ends
 * with its standard input.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the units: those with an even number connect, odd ones accept. */
extern int (*const sites[])(int listener);
extern unsigned site_count;

static int fail(const char *what)
{
	perror(what);
	exit(2);
}

static int listen_anywhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(fd, (struct sockaddr *)address, size) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)address, &size))
		fail("listen");
	return fd;
}

/* A stack of some depth, as servers have. */
__attribute__((noinline)) static int open_at(unsigned site, int listener, unsigned depth)
{
	int fd = depth ? open_at(site, listener, depth - 1) : sites[site](listener);
	__asm__ volatile("" : : : "memory");
	return fd;
}

__attribute__((noinline)) static void read_end(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, 0) != 0)
		fail("recv");
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) & ~1u : 0;
	unsigned last = argc > 3 ? (unsigned)atoi(argv[3]) : site_count;
	struct sockaddr_in address;
	struct rlimit limit;
	char byte;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (last > site_count || last < first + 2)
		return 2;
	int listener = listen_anywhere(&address);
	for (unsigned i = 0; i < count / 2; i++) {
		unsigned site = first + i * 2 % ((last - first) & ~1u);
		int fd = open_at(site, -1, 6), taken;
		if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
			fail("connect");
		taken = open_at(site + 1, listener, 6);
		if (taken < 0)
			fail("accept");
		if (i % 50 == 0)
			shutdown(fd, SHUT_WR);
		if (i % 100 == 0)
			read_end(taken);
	}
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
