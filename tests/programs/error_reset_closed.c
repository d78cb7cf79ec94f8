/* SPDX-License-Identifier: MIT */
/* The twin of error_reset: closed on the error path too. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		char buffer[64];
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		peer_reset(client);
		expect(read(fd, buffer, sizeof(buffer)) == -1 && errno == ECONNRESET);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
