/* SPDX-License-Identifier: MIT */
/* A server accepts and never reads: the clients sent their requests and left. Their bytes wait in
 * the kernel. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened count=3 recv_q=11 */
		peer_send(client, 10);
		peer_finish(client);
	}
	stage_ready();
	return 0;
}
