/* SPDX-License-Identifier: MIT */
/* The twin of eof_poll: closed on HUP or on the end, whichever comes. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 4; i++) {
		char buffer[64];
		int client = peer_connect(stage_port(listener));
		struct pollfd entry = { .fd = must(accept(listener, NULL, NULL)),
					.events = POLLIN };

		peer_finish(client);
		must(poll(&entry, 1, -1));
		if (entry.revents & POLLHUP || read(entry.fd, buffer, sizeof(buffer)) == 0)
			must(close(entry.fd));
	}
	stage_ready();
	return 0;
}
