/* SPDX-License-Identifier: MIT */
/* A library whose constructor has sockets before main(), and before the constructors of what is
 * loaded ahead of it. */
#include <sys/socket.h>
#include <unistd.h>

int early_pair[2], early_closed = -1;

__attribute__((constructor)) static void early(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	early_closed = fd >= 0 ? close(fd) : -2;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, early_pair))
		early_closed = -3;
}
