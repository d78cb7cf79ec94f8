/* SPDX-License-Identifier: MIT */
/* A pool at work: four connections that were used twice each are idle when the server ends them;
 * then the pool finds one of them dead, closes it, and opens another. The other three are stale, no
 * leak. */
#include "stage/pool.h"

static __attribute__((noinline)) int acquire(int port)
{
	/* EXPECT stale-pool opened count=3 severity=note class=B says=opened_no_more */
	int fd = must(socket(AF_INET, SOCK_STREAM, 0));

	/* EXPECT stale-pool connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	return fd;
}

int main(void)
{
	int port = peer_listen(16), fds[4], handles[4];
	char byte;

	pool_four_go_stale(port, acquire, fds, handles);
	expect(recv(fds[0], &byte, 1, 0) == 0);
	must(close(fds[0])); /* EXPECT stale-pool sibling count=1 */
	fds[0] = acquire(port);
	handles[0] = peer_accept();
	pool_exchange(fds[0], handles[0]);
	stage_ready();
	return 0;
}
