/* SPDX-License-Identifier: MIT */
/* The client connects and resets before it was accepted: accept() returns a socket that is already
 * dead. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	peer_reset(peer_connect(stage_port(listener)));
	must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened tcp_state=CLOSE */
	stage_ready();
	return 0;
}
