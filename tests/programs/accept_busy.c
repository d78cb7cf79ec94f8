/* SPDX-License-Identifier: MIT */
/* The twin of accept_starved: clients that left before they were accepted are accepted all the
 * same, read to their end and closed; living ones wait in the queue. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen();

	for (int i = 0; i < 3; i++)
		peer_finish(peer_connect(stage_port(listener)));
	for (int i = 0; i < 3; i++) {
		int fd = must(accept(listener, NULL, NULL));
		expect(recv(fd, &byte, 1, 0) == 0);
		must(close(fd));
	}
	for (int i = 0; i < 3; i++)
		peer_send(peer_connect(stage_port(listener)), 5);
	stage_ready();
	return 0;
}
