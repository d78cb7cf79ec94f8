/* SPDX-License-Identifier: MIT */
/* Each request opens a connection, gets its answer, and forgets the connection. Every peer is
 * alive, so nothing but their number tells. */
#include "stage/pool.h"

static __attribute__((noinline)) void fetch(int port)
{
	/* EXPECT growing-site opened count=240 severity=warning class=D says=none_closed */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	/* EXPECT growing-site connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	pool_exchange(fd, peer_accept());
}

int main(void)
{
	int port = peer_listen(16);

	for (int i = 0; i < 240; i++)
		fetch(port);
	stage_ready();
	return 0;
}
