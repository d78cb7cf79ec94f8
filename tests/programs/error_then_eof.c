/* SPDX-License-Identifier: MIT */
/* A reset is read as an error, and reading on returns 0: that is no EOF, and the first event names
 * the rule. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/uio.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	/* EXPECT error-not-closed opened eof_reads=0 */
	int fd = must(accept(listener, NULL, NULL));

	peer_reset(client);
	/* EXPECT error-not-closed evidence call=readv errno=ECONNRESET */
	expect(readv(fd, &(struct iovec){ &byte, 1 }, 1) == -1 && errno == ECONNRESET);
	expect(recv(fd, &byte, 1, 0) == 0);
	stage_ready();
	return 0;
}
