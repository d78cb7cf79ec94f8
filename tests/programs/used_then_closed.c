/* SPDX-License-Identifier: MIT */
/* A closed socket is used, and then closed once more: both are told, though nobody looks at calls
 * on the number any more after the first. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	peer_connect(stage_port(listener));
	/* EXPECT use-after-close opened */
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT double-close opened */
	/* EXPECT use-after-close closed call=close */
	must(close(fd)); /* EXPECT double-close closed call=close */

	/* EXPECT use-after-close evidence call=send errno=EBADF */
	expect(send(fd, "x", 1, MSG_NOSIGNAL) == -1);
	expect(close(fd) == -1); /* EXPECT double-close evidence call=close errno=EBADF */
	stage_ready();
	return 0;
}
