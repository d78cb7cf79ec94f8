/* SPDX-License-Identifier: MIT */
/* recv() says ECONNRESET, the function returns early, and the close stands below. */
#include "stage/peer.h"
#include "stage/stage.h"

static int handle(int fd)
{
	char buffer[64];
	/* EXPECT error-not-closed evidence call=recv errno=ECONNRESET */
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	if (n < 0)
		return -errno;
	must(close(fd));
	return 0;
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT error-not-closed opened count=3 */
		int fd = must(accept(listener, NULL, NULL));
		if (i % 2)
			peer_reset(client);
		else
			peer_finish(client);
		expect(handle(fd) == (i % 2 ? -ECONNRESET : 0));
	}
	stage_ready();
	return 0;
}
