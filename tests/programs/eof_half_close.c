/* SPDX-License-Identifier: MIT */
/* The client shuts its way after the request; the server reads that end, opens and closes a file's
 * worth of other sockets, and answers after it. The answer starts the grace again, so nothing is
 * wrong. Silent. */
/* TEST grace=default live_grace=default kill=no */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[64];
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_send(client, 50);
	peer_half_close(client);
	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	stage_ready();
	for (int i = 0; i < 3; i++)
		must(send(fd, "answer", 6, MSG_NOSIGNAL));
	peer_receive(client, 18);
	return 0;
}
