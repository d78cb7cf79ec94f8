/* SPDX-License-Identifier: MIT */
/*
 * Sends back what it reads, on any number of connections, by one epoll: `echo_server PORT`. It
 * closes a connection when its peer has ended, and itself ends by a signal.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll;

static int fail(const char *what)
{
	perror(what);
	return 2;
}

static int watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void echo(int fd)
{
	char buffer[4096];
	ssize_t size = recv(fd, buffer, sizeof buffer, 0);

	if (size <= 0 || send(fd, buffer, (size_t)size, MSG_NOSIGNAL) != size)
		close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct epoll_event events[512];
	struct rlimit limit;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, ready, port;

	if (argc != 2 || sscanf(argv[1], "%d", &port) != 1)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	address.sin_port = htons((unsigned short)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096) ||
	    watch(listener))
		return fail("listen");
	while ((ready = epoll_wait(epoll, events, 512, -1)) >= 0)
		for (int i = 0; i < ready; i++) {
			int fd = events[i].data.fd;

			if (fd != listener)
				echo(fd);
			else if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0 &&
				 watch(fd))
				return fail("epoll_ctl");
		}
	return fail("epoll_wait");
}
