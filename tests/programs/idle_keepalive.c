/* SPDX-License-Identifier: MIT */
/* Ends with idle connections whose peers live: a client's pool and a server's keep-alive clients.
 * Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[32];
	int port = peer_listen(16), listener = stage_listen();

	for (int i = 0; i < 4; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		int server = peer_accept();
		peer_send(server, 8);
		must(recv(fd, buffer, sizeof(buffer), 0));

		int client = peer_connect(stage_port(listener));
		fd = must(accept(listener, NULL, NULL));
		peer_send(client, 8);
		must(recv(fd, buffer, sizeof(buffer), 0));
		must(send(fd, "ok", 2, MSG_NOSIGNAL));
	}
	stage_ready();
	exit(0);
}
