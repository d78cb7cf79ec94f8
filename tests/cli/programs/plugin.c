/* SPDX-License-Identifier: MIT */
/* A library to be loaded and unloaded: NAME opens a socket and leaves it. */
#include <sys/socket.h>

int NAME(int depth);

__attribute__((noinline)) int NAME(int depth)
{
	int fd = depth ? NAME(depth - 1) : socket(AF_UNIX, SOCK_STREAM, 0);

	__asm__ volatile("" : "+r"(fd)); /* no tail call */
	return fd;
}
