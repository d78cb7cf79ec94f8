/* SPDX-License-Identifier: MIT */
/* A program that ends by a signal of its own leaves a ledger all the same. */
/* TEST signal=6 kill=no live=no */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	peer_finish(client);
	expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	abort();
}
