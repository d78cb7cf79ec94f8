/* SPDX-License-Identifier: MIT */
/* Each connection is copied for a log that was never written; the server works with the first
 * descriptor and closes it. Once the copy is made by fcntl, and the peer leaves. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));

		must(dup(fd)); /* EXPECT held-by-copy opened call=dup count=3 id=1 */
		expect(send(fd, "bye", 3, 0) == 3);
		must(close(fd)); /* EXPECT held-by-copy closed call=close id=1 */
		peer_receive(client, 3);
	}
	int client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	/* EXPECT held-by-copy opened call=fcntl id=2 when=live,exit */
	must(fcntl(fd, F_DUPFD_CLOEXEC, 50));
	must(close(fd)); /* EXPECT held-by-copy closed id=2 */
	peer_finish(client);
	stage_ready();
	return 0;
}
