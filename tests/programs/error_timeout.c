/* SPDX-License-Identifier: MIT */
/* A peer that reads no more: TCP_USER_TIMEOUT ends the connection, send says ETIMEDOUT, nobody
 * closes. */
#include "stage/peer.h"
#include "stage/stage.h"

static ssize_t push(int fd)
{
	static const char block[65536];
	/* EXPECT error-not-closed evidence call=send errno=ETIMEDOUT */
	ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

int main(void)
{
	unsigned timeout_ms = 50;
	int listener = stage_listen();

	peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT error-not-closed opened */
	struct pollfd entry = { .fd = fd };
	must(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)));
	while (push(fd) > 0)
		;
	must(poll(&entry, 1, -1));
	expect(push(fd) == -ETIMEDOUT);
	stage_ready();
	return 0;
}
