/* SPDX-License-Identifier: MIT */
/* Before the reporter: a kernel that grants nobody a netlink socket, as in many a container. */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>

int socket(int family, int type, int protocol)
{
	int (*real)(int family, int type, int protocol) =
		(int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

	if (family == AF_NETLINK) {
		errno = EPERM;
		return -1;
	}
	return real(family, type, protocol);
}
