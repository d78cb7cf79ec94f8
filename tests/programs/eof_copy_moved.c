/* SPDX-License-Identifier: MIT */
/* The socket is moved to another number (fcntl copy, original closed) before its end is read and
 * forgotten: one socket, one finding. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));
	int high = must(fcntl(fd, F_DUPFD, 50)); /* EXPECT eof-not-closed opened call=fcntl */

	must(close(fd));
	peer_finish(client);
	expect(read(high, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	stage_ready();
	return 0;
}
