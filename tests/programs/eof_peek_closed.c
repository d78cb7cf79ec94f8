/* SPDX-License-Identifier: MIT */
/* The twin of eof_peek: a health check by MSG_PEEK that closes what has ended. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	expect(recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EAGAIN);
	peer_finish(client);
	if (recv(fd, &byte, 1, MSG_PEEK) == 0)
		must(close(fd));
	stage_ready();
	return 0;
}
