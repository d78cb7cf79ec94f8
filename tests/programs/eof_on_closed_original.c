/* SPDX-License-Identifier: MIT */
/* The EOF is read through a descriptor that is closed then, its number is used again, and a copy
 * stays open: held by the copy, and what was learnt through the first is not forgotten with it. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));
		must(dup(fd)); /* EXPECT held-by-copy opened call=dup count=3 */

		peer_finish(client);
		expect(read(fd, &byte, 1) == 0);
		must(close(fd)); /* EXPECT held-by-copy closed call=close */
	}
	stage_ready();
	return 0;
}
