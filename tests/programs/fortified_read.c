/* SPDX-License-Identifier: MIT */
/* With _FORTIFY_SOURCE libc's headers inline read() into its caller: the site is the caller's line,
 * not unistd.h's. */
/* TEST cflags=-D_FORTIFY_SOURCE=2 */
#include "stage/peer.h"
#include "stage/stage.h"

static __attribute__((noinline)) ssize_t drain(int fd, size_t size)
{
	char buffer[64];
	ssize_t n;

	do
		n = read(fd, buffer, size); /* EXPECT eof-not-closed evidence site=yes */
	while (n > 0);
	return n;
}

int main(int count, char **arguments)
{
	(void)arguments;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	peer_finish(client);
	must((int)drain(fd, (size_t)count * 8));
	stage_ready();
	return 0;
}
