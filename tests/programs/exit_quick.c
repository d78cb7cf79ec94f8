/* SPDX-License-Identifier: MIT */
/* quick_exit runs no destructor either: the ledger is completed and the kernel asked all the same.
 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));

	must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */
	peer_finish(client);
	stage_ready();
	quick_exit(4);
}
