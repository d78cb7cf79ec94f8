/* SPDX-License-Identifier: MIT */
/* syscall(SYS_exit_group) is an end like _exit(): the ledger is completed and the kernel asked. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/syscall.h>

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));

	must(accept(listener, NULL, NULL)); /* EXPECT fin-unread opened */
	peer_finish(client);
	stage_ready();
	syscall(SYS_exit_group, 9);
	return 0;
}
