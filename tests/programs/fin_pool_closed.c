/* SPDX-License-Identifier: MIT */
/* The twin of fin_pool: the pool reads the end when it comes to the connection again, and closes.
 * Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int port = peer_listen(16), fds[4], handles[4];
	char byte;

	for (int i = 0; i < 4; i++) {
		fds[i] = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fds[i], stage_address((unsigned short)port), STAGE_ADDRESS_SIZE));
		handles[i] = peer_accept();
	}
	for (int i = 0; i < 4; i++)
		peer_finish(handles[i]);
	for (int i = 0; i < 4; i++)
		if (i % 2 || recv(fds[i], &byte, 1, 0) == 0)
			must(close(fds[i]));
	stage_ready();
	return 0;
}
