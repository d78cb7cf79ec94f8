/* SPDX-License-Identifier: MIT */
/* The client left; the first answer is answered by a reset, the second fails with EPIPE, and nobody
 * closes. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <signal.h>

static ssize_t answer(int fd)
{
	/* EXPECT error-not-closed evidence call=write errno=EPIPE */
	ssize_t n = write(fd, "answer", 6);
	return n;
}

int main(void)
{
	int listener = stage_listen();

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT error-not-closed opened count=2 */
		int fd = must(accept(listener, NULL, NULL));
		struct pollfd reset = { .fd = fd };

		peer_finish(client);
		expect(answer(fd) == 6);
		must(poll(&reset, 1, -1)); /* POLLERR: the reset arrived */
		expect(answer(fd) == -1 && errno == EPIPE);
	}
	stage_ready();
	return 0;
}
