/* SPDX-License-Identifier: MIT */
/* EINPROGRESS, then poll and SO_ERROR say ECONNREFUSED; the callback reports it and forgets the
 * socket. */
#include "stage/peer.h"
#include "stage/stage.h"

static int start(int port)
{
	/* EXPECT connect-failed-not-closed opened count=2 */
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	return fd;
}

static int finished(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	/* EXPECT connect-failed-not-closed evidence call=getsockopt errno=ECONNREFUSED */
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	return error;
}

int main(void)
{
	int port = peer_reserve();

	for (int i = 0; i < 2; i++) {
		struct pollfd entry = { .fd = start(port), .events = POLLOUT };
		must(poll(&entry, 1, -1));
		expect(finished(entry.fd) == ECONNREFUSED);
	}
	stage_ready();
	return 0;
}
