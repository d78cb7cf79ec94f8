/* SPDX-License-Identifier: MIT */
/*
 * stale_hangup: a socket is closed while a copy, made past libc, holds its connection, and so stays
 * in the epoll; the next connection has its number and is registered alike. Then the end of the
 * first is told under that number, and two seconds later the second one's peer ends, which nobody
 * reads.
 */
#include "../../programs/stage/raw.h"
#include "loopback.h"
#include "talk.h"
#include <sys/epoll.h>

static struct sockaddr_in server;
static int listener, epoll;

static int peer(void)
{
	int fd = raw_socket(AF_INET, SOCK_STREAM);

	/* Out of the way of the numbers that are given again. */
	int high = (int)raw_call(SYS_fcntl, fd, 0 /* F_DUPFD */, 100, 0, 0, 0);
	NEED(raw_close(fd) == 0 && raw_connect(high, &server, sizeof server) == 0);
	return high;
}

static int serves(void)
{
	int fd = accept(listener, NULL, NULL);
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.fd = fd };

	NEED(fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return fd;
}

int main(void)
{
	struct epoll_event event;
	char byte;

	listener = loopback_listen(&server);
	epoll = epoll_create1(0);
	int first = peer(), fd = serves();
	NEED(raw_call(SYS_fcntl, fd, 0 /* F_DUPFD */, 200, 0, 0, 0) >= 0 && close(fd) == 0);
	int second = peer();
	NEED(serves() == fd && raw_close(first) == 0);
	NEED(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd == fd);
	NEED(event.events & EPOLLRDHUP);
	NEED(raw_call(SYS_write, second, (long)"x", 1, 0, 0, 0) == 1 && recv(fd, &byte, 1, 0) == 1);
	sleep(2);
	NEED(raw_close(second) == 0);
	talk_ready();
	return 0;
}
