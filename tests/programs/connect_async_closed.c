/* SPDX-License-Identifier: MIT */
/* The twin of connect_async_refused: one is refused and closed, one succeeds and is closed, one is
 * used. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

static int start(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	return fd;
}

static int finished(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof(error);

	must(poll(&entry, 1, -1));
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	return error;
}

int main(void)
{
	int open_port = peer_listen(8), port = peer_reserve();
	int refused = start(port), accepted = start(open_port), used = start(open_port);

	expect(finished(refused) == ECONNREFUSED);
	must(close(refused));
	expect(finished(accepted) == 0);
	must(close(accepted));
	expect(finished(used) == 0);
	must(send(used, "hello", 5, MSG_NOSIGNAL));
	stage_ready();
	return 0;
}
