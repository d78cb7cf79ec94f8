/* SPDX-License-Identifier: MIT */
/* As eof_half_close, with the close after the answer: silent even without a grace. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[64];
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		peer_send(client, 50);
		peer_half_close(client);
		while (recv(fd, buffer, sizeof(buffer), 0) > 0)
			;
		must(send(fd, "answer", 6, MSG_NOSIGNAL));
		peer_receive(client, 6);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
