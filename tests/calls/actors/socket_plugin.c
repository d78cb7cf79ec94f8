/* SPDX-License-Identifier: MIT */
/* Code that comes and goes: opens a socket, built twice so that the one is not the other. */
#include <sys/socket.h>

int plugin_open(void);
int plugin_open(void)
{
	/* Volatile, or the call would be a jump, and the plugin not on the stack. */
	volatile int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd;
}
