/* SPDX-License-Identifier: MIT */
/* A library that is loaded so that its calls reach a libc that no hook stands before. */
#include <sys/socket.h>
#include <unistd.h>

int plugin_open(int tcp);
int plugin_close(int fd);

int plugin_open(int tcp)
{
	return socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
}

int plugin_close(int fd)
{
	return close(fd);
}
