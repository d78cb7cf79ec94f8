/* SPDX-License-Identifier: MIT */
/* Descriptor 2 is another file at the end than it was at the start: the line at exit must not go
 * there. */
/* TEST line=no */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	peer_finish(client);
	expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	/* Standard output, where the runner would see it. */
	must(dup2(STDOUT_FILENO, STDERR_FILENO));
	stage_ready();
	return 0;
}
