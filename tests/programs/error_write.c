/* SPDX-License-Identifier: MIT */
/* A reset is met by writing: writev says ECONNRESET, and the worker drops the connection from its
 * table only. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/uio.h>

static ssize_t answer(int fd)
{
	struct iovec parts[2] = { { "an", 2 }, { "swer", 4 } };
	/* EXPECT error-not-closed evidence call=writev errno=ECONNRESET */
	ssize_t n = writev(fd, parts, 2);

	return n;
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT error-not-closed opened count=2 */
		int fd = must(accept(listener, NULL, NULL));
		expect(answer(fd) == 6);
		peer_reset(client);
		expect(answer(fd) == -1 && errno == ECONNRESET);
	}
	stage_ready();
	return 0;
}
