/* SPDX-License-Identifier: MIT */
/* A process per connection whose child reads to the end and ends itself, as a child may. Silent. */
/* TEST grace=default live_grace=default */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		pid_t child = must(fork());

		if (!child) {
			char buffer[64];
			while (recv(fd, buffer, sizeof(buffer), 0) > 0)
				;
			_exit(0);
		}
		must(close(fd));
		peer_send(client, 20);
		peer_finish(client);
		must(waitpid(child, NULL, 0));
	}
	stage_ready();
	return 0;
}
