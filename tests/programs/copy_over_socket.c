/* SPDX-License-Identifier: MIT */
/* dup2 over a socket closes it: nobody else must. Silent, and a failed dup2 closes nothing. */
/* TEST opened=5 closed=4 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), null = must(open("/dev/null", O_RDWR));

	for (int i = 0; i < 4; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		peer_finish(client);
		expect(read(fd, &byte, 1) == 0);
		expect(dup2(900, fd) == -1 && errno == EBADF);
		must(dup2(null, fd));
		must(close(fd));
	}
	must(close(null));
	stage_ready();
	return 0;
}
