/* SPDX-License-Identifier: MIT */
/* The peer resets the connection and nobody looks: state CLOSE, which no table of the kernel lists.
 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened count=2 tcp_state=CLOSE */
		must(accept(listener, NULL, NULL));
		peer_reset(client);
	}
	stage_ready();
	return 0;
}
