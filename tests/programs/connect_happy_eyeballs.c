/* SPDX-License-Identifier: MIT */
/* Two connects race, the refused one is closed, the other wins and is used. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

static int start(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	return fd;
}

int main(void)
{
	int good = peer_listen(8), bad = peer_reserve();

	for (int i = 0; i < 3; i++) {
		struct pollfd race[2] = { { .fd = start(bad), .events = POLLOUT },
					  { .fd = start(i == 2 ? good : bad), .events = POLLOUT } };
		int winner = -1;
		for (int left = 2; left > 0 && winner < 0;) {
			must(poll(race, 2, -1));
			for (int j = 0; j < 2 && winner < 0; j++) {
				if (race[j].fd < 0 || !race[j].revents)
					continue;
				if (!(race[j].revents & POLLERR)) {
					winner = race[j].fd;
				} else {
					must(close(race[j].fd));
					race[j].fd = -1;
					left--;
				}
			}
		}
		/* The loser may not even have ended its try. */
		for (int j = 0; j < 2; j++)
			if (race[j].fd >= 0 && race[j].fd != winner)
				must(close(race[j].fd));
		if (winner >= 0)
			must(send(winner, "hi", 2, MSG_NOSIGNAL));
	}
	stage_ready();
	return 0;
}
