/* SPDX-License-Identifier: MIT */
/* holds COUNT [clean|leak|kill|wait]: opens so many sockets, with a peer each, and ends in that
 * way. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 0, fds[2];
	const char *end = argc > 2 ? argv[2] : "clean";

	for (int i = 0; i < count; i += 2)
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
			return 1;
	/* An end that was seen, and forgotten: a finding. */
	if (strcmp(end, "leak") == 0) {
		char byte;

		close(fds[1]);
		if (read(fds[0], &byte, 1) != 0)
			return 1;
	}
	if (strcmp(end, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(end, "wait") == 0) {
		char byte;

		puts("ready");
		fflush(stdout);
		if (read(0, &byte, 1) < 0)
			return 1;
	}
	return 0;
}
