/* SPDX-License-Identifier: MIT */
/* A pending connect is refused and the program never asks: the kernel gave it up, the descriptor
 * stays. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int port = peer_reserve();

	for (int i = 0; i < 2; i++) {
		/* EXPECT connect-failed-not-closed opened count=2 tcp_state=CLOSE when=live,exit */
		int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		/* EXPECT connect-failed-not-closed evidence call=connect */
		int result = connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE);
		expect(result == -1 && errno == EINPROGRESS);
	}
	peer_refused(port);
	stage_ready();
	return 0;
}
