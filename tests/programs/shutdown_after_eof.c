/* SPDX-License-Identifier: MIT */
/* EOF read, then shutdown of both ways, and no close: our shutdown was the last act, one finding.
 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT shutdown-not-closed opened */

	peer_half_close(client);
	expect(read(fd, &byte, 1) == 0);
	must(shutdown(fd, SHUT_RDWR)); /* EXPECT shutdown-not-closed evidence */
	stage_ready();
	return 0;
}
