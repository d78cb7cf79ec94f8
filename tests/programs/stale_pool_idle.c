/* SPDX-License-Identifier: MIT */
/* A pool whose connections are all idle when the server ends them; nothing happens since. */
#include "stage/pool.h"

int main(void)
{
	int port = peer_listen(16), fds[4], handles[4];

	for (int i = 0; i < 4; i++) {
		/* EXPECT stale-pool opened count=4 severity=note */
		fds[i] = must(socket(AF_INET, SOCK_STREAM, 0));
		/* EXPECT stale-pool connected */
		must(connect(fds[i], stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		handles[i] = peer_accept();
	}
	for (int turn = 0; turn < 3; turn++)
		for (int i = 0; i < 4; i++)
			if (turn < 2 || i % 2)
				pool_exchange(fds[i], handles[i]);
	for (int i = 0; i < 4; i++)
		peer_finish(handles[i]);
	stage_ready();
	return 0;
}
