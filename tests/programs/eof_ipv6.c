/* SPDX-License-Identifier: MIT */
/* The same over IPv6, read by recvfrom with an address to fill. */
#include "stage/stage.h"

static int listen_on(struct sockaddr_in6 *address, socklen_t *size)
{
	int fd = must(socket(AF_INET6, SOCK_STREAM, 0));

	must(bind(fd, (struct sockaddr *)address, *size));
	must(listen(fd, 8));
	must(getsockname(fd, (struct sockaddr *)address, size));
	return fd;
}

int main(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t size = sizeof(address);
	char byte;
	int listener = listen_on(&address, &size), client = must(socket(AF_INET6, SOCK_STREAM, 0));

	must(connect(client, (struct sockaddr *)&address, size));
	/* EXPECT eof-not-closed opened */
	int fd = must(accept(listener, (struct sockaddr *)&address, &size));
	must(close(client));
	/* EXPECT eof-not-closed evidence call=recvfrom */
	expect(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&address, &size) == 0);
	stage_ready();
	return 0;
}
