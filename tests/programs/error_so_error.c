/* SPDX-License-Identifier: MIT */
/* The event loop asks SO_ERROR after POLLERR, gets ECONNRESET, logs it and forgets the socket. */
#include "stage/peer.h"
#include "stage/stage.h"

static int look(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	/* EXPECT error-not-closed evidence call=getsockopt errno=ECONNRESET */
	must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
	return error;
}

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT error-not-closed opened */
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	expect(look(fd) == 0);
	peer_reset(client);
	must(poll(&entry, 1, -1));
	expect(entry.revents & POLLERR && look(fd) == ECONNRESET);
	stage_ready();
	return 0;
}
