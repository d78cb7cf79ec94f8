/* SPDX-License-Identifier: MIT */
/* EPIPE after our own SHUT_WR is our doing, not a dead connection: the peer still sends. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[16];
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	must(shutdown(fd, SHUT_WR));
	expect(send(fd, "late", 4, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	peer_send(client, 10);
	expect(recv(fd, buffer, 10, MSG_WAITALL) == 10);
	stage_ready();
	return 0;
}
