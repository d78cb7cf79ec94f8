/* SPDX-License-Identifier: MIT */
/* TCP Fast Open: the connect happens, and fails, inside sendto. */
#include "stage/peer.h"
#include "stage/stage.h"

static ssize_t dial(int fd, int port)
{
	/* EXPECT connect-failed-not-closed evidence call=sendto errno=ECONNREFUSED */
	ssize_t n = sendto(fd, "hi", 2, MSG_FASTOPEN | MSG_NOSIGNAL,
			   stage_address((unsigned short)port), STAGE_ADDRESS_SIZE);
	return n;
}

int main(void)
{
	int good = peer_listen(4), port = peer_reserve();

	for (int i = 0; i < 2; i++) {
		/* EXPECT connect-failed-not-closed opened count=2 */
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		expect(dial(fd, port) == -1 && errno == ECONNREFUSED);
	}
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));
	expect(dial(fd, good) == 2);
	peer_receive(peer_accept(), 2);
	stage_ready();
	return 0;
}
