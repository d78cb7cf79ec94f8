/* SPDX-License-Identifier: MIT */
/* A TCP connection on loopback, both ends ours. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static inline struct sockaddr_in loopback_address(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* A listener on a port that the kernel chose, which is left in `address`; or -1. */
static inline int loopback_listen(struct sockaddr_in *address)
{
	socklen_t size = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = loopback_address(0);
	if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)address, &size))
		return -1;
	return fd;
}

#endif
