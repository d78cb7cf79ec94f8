/* SPDX-License-Identifier: MIT */
/* A server forks a child that saves its data, as redis does: longer than the grace at an exit, but
 * it ends, and the server goes on. What the child held is free again. Silent.
 * TEST grace=default live=no kill=no */
#include "stage/peer.h"
#include "stage/stage.h"
#include <poll.h>
#include <sys/wait.h>

int main(void)
{
	int listener = stage_listen();
	int client = peer_connect(stage_port(listener)), fd = must(accept(listener, NULL, NULL));
	pid_t child = must(fork());

	if (!child) {
		poll(NULL, 0, 1200); /* the data is large */
		_exit(0);
	}
	expect(send(fd, "bye", 3, 0) == 3);
	must(close(fd));
	peer_receive(client, 3);
	must(waitpid(child, NULL, 0));
	stage_ready();
	return 0;
}
