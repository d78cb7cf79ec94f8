/* SPDX-License-Identifier: MIT */
/* The near twin of stale_pool: connections are used twice, too, but what has ended is never given
 * back, and more are opened since than closed. */
#include "stage/pool.h"

static __attribute__((noinline)) int acquire(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)); /* EXPECT fin-unread opened count=3 */

	/* EXPECT fin-unread connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	return fd;
}

int main(void)
{
	int port = peer_listen(16), fds[8], handles[8];
	char byte;

	pool_four_go_stale(port, acquire, fds, handles);
	expect(recv(fds[0], &byte, 1, 0) == 0);
	must(close(fds[0])); /* EXPECT fin-unread sibling count=1 */
	for (int i = 4; i < 6; i++) {
		fds[i] = acquire(port);
		handles[i] = peer_accept();
		pool_exchange(fds[i], handles[i]);
		pool_pause();
	}
	stage_ready();
	return 0;
}
