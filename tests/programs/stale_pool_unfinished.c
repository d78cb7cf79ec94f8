/* SPDX-License-Identifier: MIT */
/* Near twins of stale_pool_idle, each a leak: an answer that nobody read, a request that was never
 * answered, and an end of which poll() told. The pool itself works. */
#include "stage/pool.h"

int main(void)
{
	int port = peer_listen(16), fds[4], handles[4];

	for (int i = 0; i < 4; i++) {
		/* EXPECT fin-unread opened count=3 */
		fds[i] = must(socket(AF_INET, SOCK_STREAM, 0));
		/* EXPECT fin-unread connected */
		must(connect(fds[i], stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		handles[i] = peer_accept();
		pool_exchange(fds[i], handles[i]);
		pool_exchange(fds[i], handles[i]);
	}
	peer_send(handles[0], 20);
	must(send(fds[1], "question", 8, MSG_NOSIGNAL));
	peer_receive(handles[1], 8);
	for (int i = 0; i < 3; i++)
		peer_finish(handles[i]);
	struct pollfd polled = { .fd = fds[2], .events = POLLRDHUP };
	expect(poll(&polled, 1, -1) == 1);
	stage_ready();
	return 0;
}
