/* SPDX-License-Identifier: MIT */
/* We shut our way, the peer then shuts its own, and nobody reads that end. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int port = peer_listen(4);
	/* EXPECT fin-unread opened tcp_state=CLOSE */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	int server = peer_accept();
	must(shutdown(fd, SHUT_WR));
	peer_expect_end(server);
	peer_finish(server);
	stage_ready();
	return 0;
}
