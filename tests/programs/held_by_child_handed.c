/* SPDX-License-Identifier: MIT */
/* A connection is handed to a child, which forgets it without a look; then its client leaves: what
 * the kernel knows of that is not known of a process that was killed. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), orders[2], client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT held-by-child opened */

	must(pipe(orders));
	pid_t child = must(fork()); /* EXPECT held-by-child fork */
	if (!child) {
		close(listener);
		close(orders[1]);
		expect(read(orders[0], &byte, 1) == 0);
		_exit(0);
	}
	must(close(fd)); /* EXPECT held-by-child closed */
	peer_finish(client);
	stage_ready();
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
