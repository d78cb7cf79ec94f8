/* SPDX-License-Identifier: MIT */
/* One site, three fates: EOF read, reset seen, FIN never read. Each socket is one finding of its
 * own rule. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 6; i++) {
		char byte;
		ssize_t n = 0;
		int client = peer_connect(stage_port(listener));
		/* EXPECT eof-not-closed opened count=2 */
		/* EXPECT error-not-closed opened count=2 */
		/* EXPECT fin-unread opened count=2 */
		int fd = must(accept(listener, NULL, NULL));

		if (i % 3 == 1)
			peer_reset(client);
		else
			peer_finish(client);
		if (i % 3 < 2) {
			/* EXPECT eof-not-closed evidence */
			/* EXPECT error-not-closed evidence errno=ECONNRESET */
			n = recv(fd, &byte, 1, 0);
			expect(n == (i % 3 ? -1 : 0));
		}
	}
	stage_ready();
	return 0;
}
