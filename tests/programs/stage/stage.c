/* SPDX-License-Identifier: MIT */
#include "stage.h"
#include <fcntl.h>

int stage_must(long result, const char *call, int line)
{
	if (result >= 0)
		return (int)result;
	fprintf(stderr, "line %d: %s: %s\n", line, call, strerror(errno));
	_exit(3);
}

const struct sockaddr *stage_address(unsigned short port)
{
	static _Thread_local struct sockaddr_in address;

	address = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return (const struct sockaddr *)&address;
}

int stage_listen(void)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	must(bind(fd, stage_address(0), STAGE_ADDRESS_SIZE));
	must(listen(fd, 128));
	return fd;
}

unsigned short stage_port(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	must(getsockname(fd, (struct sockaddr *)&address, &size));
	return ntohs(address.sin_port);
}

void stage_nonblocking(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

void stage_ready(void)
{
	char byte;

	must(write(STDOUT_FILENO, "ready\n", 6));
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}
