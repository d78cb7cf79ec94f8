/* SPDX-License-Identifier: MIT */
/* A listener whose queue is full answers no SYN: a blocking connect ends with ETIMEDOUT
 * (TCP_USER_TIMEOUT), and a pending one is still in progress, which is legal. */
#include "stage/peer.h"
#include "stage/stage.h"

static int dial(int port, int flags)
{
	unsigned timeout_ms = 200;
	/* EXPECT connect-failed-not-closed opened */
	int fd = must(socket(AF_INET, SOCK_STREAM | flags, 0));

	if (!flags)
		must(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
				sizeof(timeout_ms)));
	/* EXPECT connect-failed-not-closed evidence call=connect errno=ETIMEDOUT */
	int result = connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE);
	return result < 0 ? -errno : fd;
}

int main(void)
{
	int port = peer_listen(0);

	must(dial(port, 0));
	expect(dial(port, SOCK_NONBLOCK) == -EINPROGRESS);
	expect(dial(port, 0) == -ETIMEDOUT);
	stage_ready();
	return 0;
}
