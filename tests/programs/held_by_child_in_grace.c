/* SPDX-License-Identifier: MIT */
/* A child that holds a connection by inheritance and does not live long. Silent. */
/* TEST grace=default live_grace=default */
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
		close(orders[1]);
		expect(read(orders[0], &byte, 1) == 0);
		_exit(0);
	}
	expect(send(fd, "bye", 3, 0) == 3);
	must(close(fd));
	peer_receive(client, 3);
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	stage_ready();
	return 0;
}
