/* SPDX-License-Identifier: MIT */
/* MSG_PEEK that returns 0 takes nothing and is not the program's EOF: the peer's FIN is still
 * unread. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */

	peer_finish(client);
	expect(recv(fd, &byte, 1, MSG_PEEK) == 0);
	stage_ready();
	return 0;
}
