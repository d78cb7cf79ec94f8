/* SPDX-License-Identifier: MIT */
/* Reads the answer to its end and returns from main: a program that just ends. Silent after its
 * exit. */
/* TEST grace=default live=no kill=no */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char buffer[256];
	int port = peer_listen(4), fd = must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
	int server = peer_accept();
	peer_send(server, 3000);
	peer_finish(server);
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	return 0;
}
