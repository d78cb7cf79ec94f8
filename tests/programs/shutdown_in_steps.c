/* SPDX-License-Identifier: MIT */
/* Both ways shut, one after the other: the second shutdown is the evidence. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int port = peer_listen(4);
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)); /* EXPECT shutdown-not-closed opened */

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	must(shutdown(fd, SHUT_WR));
	peer_expect_end(peer_accept());
	must(shutdown(fd, SHUT_RD)); /* EXPECT shutdown-not-closed evidence */
	stage_ready();
	return 0;
}
