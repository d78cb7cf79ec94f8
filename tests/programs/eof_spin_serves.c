/* SPDX-License-Identifier: MIT */
/* A server streams to a client that has shut its way, and looks for another request after each
 * piece: it reads the end 1,500 times in more than a second, and is at work. Silent. */
/* TEST grace=default live_grace=default kill=no */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_half_close(client);
	expect(recv(fd, &byte, 1, 0) == 0);
	for (int i = 0; i < 1500; i++) {
		expect(recv(fd, &byte, 1, MSG_DONTWAIT) == 0);
		must(send(fd, "piece", 5, MSG_NOSIGNAL));
		usleep(1000);
	}
	stage_ready();
	must(send(fd, "piece", 5, MSG_NOSIGNAL));
	return 0;
}
