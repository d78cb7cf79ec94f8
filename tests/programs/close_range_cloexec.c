/* SPDX-License-Identifier: MIT */
/* CLOSE_RANGE_CLOEXEC closes nothing: the sockets work on, and one whose end was read is still owed
 * a close. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <linux/close_range.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	must(close_range(3, 100, CLOSE_RANGE_CLOEXEC));
	peer_finish(client);
	expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	stage_ready();
	return 0;
}
