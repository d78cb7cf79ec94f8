/* SPDX-License-Identifier: MIT */
/* The error path closes, and the caller closes once more: EBADF on the number of a socket that we
 * saw closed. */
#include "stage/peer.h"
#include "stage/stage.h"

static void handle(int fd)
{
	char byte;

	if (read(fd, &byte, 1) == 0)
		must(close(fd)); /* EXPECT double-close closed call=close */
}

static void serve(int listener)
{
	int client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT double-close opened count=3 */

	peer_finish(client);
	handle(fd);
	expect(close(fd) == -1); /* EXPECT double-close evidence call=close errno=EBADF */
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++)
		serve(listener);
	stage_ready();
	return 0;
}
