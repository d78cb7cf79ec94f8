/* SPDX-License-Identifier: MIT */
/* The twin of exitcode: a clean program keeps its own status. */
/* TEST options=exitcode=23 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	int listener = stage_listen();

	peer_connect(stage_port(listener));
	must(close(must(accept(listener, NULL, NULL))));
	printf("still in the buffer");
	stage_ready();
	return 6;
}
