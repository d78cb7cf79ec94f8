/* SPDX-License-Identifier: MIT */
/* The twin of shutdown_both: shut, drained and closed. And shutdowns that end nothing: of a socket
 * that never connected, of a listener, of one way with a living peer. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[8];
	int listener = stage_listen(), other = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		must(shutdown(fd, i ? SHUT_WR : SHUT_RDWR));
		peer_expect_end(client);
		peer_finish(client);
		while (recv(fd, buffer, sizeof(buffer), 0) > 0)
			;
		must(close(fd));
	}
	int fresh = must(socket(AF_INET, SOCK_STREAM, 0));
	expect(shutdown(fresh, SHUT_RDWR) == -1 && errno == ENOTCONN);
	must(shutdown(other, SHUT_RDWR));

	peer_connect(stage_port(listener));
	must(shutdown(must(accept(listener, NULL, NULL)), SHUT_WR));
	stage_ready();
	return 0;
}
