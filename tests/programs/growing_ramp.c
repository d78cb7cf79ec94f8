/* SPDX-License-Identifier: MIT */
/* Clients that have only just come, load that is only just put on, and a prefork's pairs: numbers
 * that grow and are no leak. Silent. */
#include "stage/pool.h"

int main(void)
{
	int listener = stage_listen(), port = peer_listen(16), pair[2];

	/* Nothing was said yet: a chat whose people are silent. */
	for (int i = 0; i < 300; i++) {
		peer_connect(stage_port(listener));
		must(accept(listener, NULL, NULL));
	}
	/* Each has asked, and the server still thinks. */
	for (int i = 0; i < 250; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0));

		must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		peer_accept();
		must(send(fd, "question", 8, MSG_NOSIGNAL));
	}
	for (int i = 0; i < 120; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	stage_ready();
	return 0;
}
