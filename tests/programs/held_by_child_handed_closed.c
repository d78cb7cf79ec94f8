/* SPDX-License-Identifier: MIT */
/* The twin: the child closes. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), orders[2], client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	must(pipe(orders));
	pid_t child = must(fork());
	if (!child) {
		close(listener);
		close(orders[1]);
		close(fd);
		expect(read(orders[0], &byte, 1) == 0);
		_exit(0);
	}
	must(close(fd));
	peer_finish(client);
	stage_ready();
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
