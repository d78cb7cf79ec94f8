/* SPDX-License-Identifier: MIT */
/* A plugin that leaks, and is gone when the leak is told: loaded and unloaded by plugin_unloaded.c.
 */
#include <sys/socket.h>
#include <unistd.h>

int plugin_accept(int listener);
int plugin_drain(int fd);

int plugin_accept(int listener)
{
	int fd = accept(listener, NULL, NULL); /* EXPECT eof-not-closed opened count=2 */
	return fd < 0 ? -1 : fd;
}

int plugin_drain(int fd)
{
	char byte;
	int n = (int)read(fd, &byte, 1); /* EXPECT eof-not-closed evidence */
	return n < 0 ? -1 : n;
}
