/* SPDX-License-Identifier: MIT */
/* A daemon that is nobody's child any more holds what the server has served and closed. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void become_daemon(int order, int done)
{
	char byte;

	if (must(fork()))
		_exit(0);
	must(write(done, "d", 1));
	expect(read(order, &byte, 1) == 0);
	_exit(0);
}

int main(void)
{
	char byte;
	int listener = stage_listen(), orders[2], done[2],
	    client = peer_connect(stage_port(listener));
	/* EXPECT held-by-child opened */
	int fd = must(accept(listener, NULL, NULL));

	must(pipe(orders));
	must(pipe(done));
	pid_t child = must(fork());
	if (!child) {
		close(listener);
		close(orders[1]);
		become_daemon(orders[0], done[1]);
	}
	expect(read(done[0], &byte, 1) == 1);
	must(waitpid(child, NULL, 0));
	/* The age of a process that left no word of its fork is told in ticks of 10 ms. */
	poll(NULL, 0, 30);
	expect(send(fd, "bye", 3, 0) == 3);
	must(close(fd)); /* EXPECT held-by-child closed */
	peer_receive(client, 3);
	stage_ready();
	must(close(orders[1]));
	return 0;
}
