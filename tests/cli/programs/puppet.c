/* SPDX-License-Identifier: MIT */
/*
 * Does with sockets what its standard input says, a line each, and answers with a line of numbers:
 * -ERRNO when a call failed. Ends at the end of its input, with everything still open.
 */
#include "../../programs/stage/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLACE __attribute__((noinline)) static

static union {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un local;
	struct sockaddr_storage room;
} address;
static socklen_t size;

/* "127.0.0.1", "fe80::1%lo", "/path", "@name" ('^' in it is a NUL); the family. */
static int address_read(const char *text, int port)
{
	char host[128], *interface;

	memset(&address, 0, sizeof(address));
	if (*text == '/' || *text == '@') {
		address.local.sun_family = AF_UNIX;
		strncpy(address.local.sun_path, text, sizeof(address.local.sun_path) - 1);
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
		for (char *at = address.local.sun_path; *text == '@' && *at; at++)
			if (*at == '^' || at == address.local.sun_path)
				*at = 0;
		return AF_UNIX;
	}
	snprintf(host, sizeof(host), "%s", text);
	interface = strchr(host, '%');
	if (interface)
		*interface++ = 0;
	if (inet_pton(AF_INET, host, &address.four.sin_addr) == 1) {
		address.four.sin_family = AF_INET;
		address.four.sin_port = htons((uint16_t)port);
		size = sizeof(address.four);
		return AF_INET;
	}
	inet_pton(AF_INET6, host, &address.six.sin6_addr);
	address.six.sin6_family = AF_INET6;
	address.six.sin6_port = htons((uint16_t)port);
	address.six.sin6_scope_id = interface ? if_nametoindex(interface) : 0;
	size = sizeof(address.six);
	return AF_INET6;
}

static int port_of(int fd)
{
	size = sizeof(address);
	if (getsockname(fd, &address.any, &size))
		return -1;
	return address.any.sa_family == AF_INET	   ? ntohs(address.four.sin_port)
	       : address.any.sa_family == AF_INET6 ? ntohs(address.six.sin6_port)
						   : 0;
}

PLACE int open_listener(const char *text, int port)
{
	int fd = socket(address_read(text, port), SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(fd, &address.any, size) || listen(fd, 4096) ? -errno : fd;
}

PLACE int dial(const char *text, int port, int type)
{
	int fd = socket(address_read(text, port), type, 0);

	return connect(fd, &address.any, size) ? -errno : fd;
}

PLACE int open_datagram(const char *text)
{
	int fd = socket(address_read(text, 0), SOCK_DGRAM, 0);

	return bind(fd, &address.any, size) ? -errno : fd;
}

PLACE int take_client(int listener)
{
	int fd = accept(listener, NULL, NULL);

	__asm__ volatile("" ::: "memory");
	return fd < 0 ? -errno : fd;
}

PLACE int hang_up(int fd)
{
	int failed = close(fd);

	__asm__ volatile("" ::: "memory");
	return failed ? -errno : 0;
}

PLACE int read_on(int fd)
{
	char buffer[4096];
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	__asm__ volatile("" ::: "memory");
	return n < 0 ? -errno : (int)n;
}

static int child_keep(void)
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int obey(const char *verb, const char *text, int number, int *more)
{
	const struct linger reset = { .l_onoff = 1 };
	int fd = atoi(text), pair[2];

	*more = -1;
	if (!strcmp(verb, "listen")) {
		fd = open_listener(text, number);
		*more = fd < 0 ? -1 : port_of(fd);
		return fd;
	}
	if (!strcmp(verb, "connect"))
		return dial(text, number, SOCK_STREAM);
	if (!strcmp(verb, "crowd")) {
		for (int i = 0; i < number; i++)
			if (dial("127.0.0.1", fd, SOCK_STREAM) < 0)
				return -errno;
		return number;
	}
	if (!strcmp(verb, "take")) {
		for (int i = 0; i < number; i++)
			if (take_client(fd) < 0)
				return -errno;
		return number;
	}
	if (!strcmp(verb, "udp")) {
		fd = open_datagram(text);
		*more = fd < 0 ? -1 : port_of(fd);
		return fd;
	}
	if (!strcmp(verb, "udp-connect"))
		return dial(text, number, SOCK_DGRAM);
	if (!strcmp(verb, "raw")) /* opened behind libc */
		return raw_socket(AF_INET, SOCK_STREAM);
	if (!strcmp(verb, "socket"))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(verb, "accept"))
		return take_client(fd);
	if (!strcmp(verb, "close"))
		return hang_up(fd);
	if (!strcmp(verb, "reset")) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		return hang_up(fd);
	}
	if (!strcmp(verb, "read"))
		return read_on(fd);
	if (!strcmp(verb, "send"))
		return (int)send(fd, "12345678", number ? (size_t)number : 8, MSG_NOSIGNAL);
	if (!strcmp(verb, "shut"))
		return shutdown(fd, SHUT_WR) ? -errno : 0;
	if (!strcmp(verb, "shut-both"))
		return shutdown(fd, SHUT_RDWR) ? -errno : 0;
	if (!strcmp(verb, "dup"))
		return dup(fd);
	if (!strcmp(verb, "fork"))
		return child_keep();
	if (!strcmp(verb, "pair")) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			return -errno;
		*more = pair[1];
		return pair[0];
	}
	return -ENOSYS;
}

int main(void)
{
	char line[512], verb[32], text[256];
	int number, more;

	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		number = 0;
		*text = 0;
		if (sscanf(line, "%31s %255s %d", verb, text, &number) < 1)
			continue;
		int result = obey(verb, text, number, &more);
		printf("%d %d\n", result, more);
	}
	_exit(0);
}
