/* SPDX-License-Identifier: MIT */
/* Four connections, one after the other, each with two requests: the server ends them, and their
 * numbers are lost. Each was used more than once, yet nobody ever came back to one: no pool. */
#include "stage/pool.h"

static __attribute__((noinline)) int job(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)); /* EXPECT fin-unread opened count=4 */

	/* EXPECT fin-unread connected */
	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	int handle = peer_accept();
	pool_exchange(fd, handle);
	pool_exchange(fd, handle);
	return handle;
}

int main(void)
{
	int port = peer_listen(16), handles[4];

	for (int i = 0; i < 4; i++)
		handles[i] = job(port);
	pool_pause();
	for (int i = 0; i < 4; i++)
		peer_finish(handles[i]);
	pool_pause();
	stage_ready();
	return 0;
}
