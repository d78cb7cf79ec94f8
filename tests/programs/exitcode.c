/* SPDX-License-Identifier: MIT */
/* exitcode= gates from inside the process, and what stdio still holds is not lost. */
/* TEST options=exitcode=23 status=23 */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */

	peer_finish(client);
	expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	printf("still in the buffer");
	stage_ready();
	return 0;
}
