/* SPDX-License-Identifier: MIT */
/* A library to be loaded and unloaded: NAME leaves a socket that it has shut down: a finding. */
#include <sys/socket.h>
#include <unistd.h>

int NAME(int depth);

__attribute__((noinline)) int NAME(int depth)
{
	int pair[2] = { -1, -1 };

	if (depth) {
		pair[0] = NAME(depth - 1);
	} else if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
		close(pair[1]);
		shutdown(pair[0], SHUT_RDWR);
	}
	__asm__ volatile("" : "+r"(pair[0])); /* no tail call */
	return pair[0];
}
