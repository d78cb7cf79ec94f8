/* SPDX-License-Identifier: MIT */
/* Children beside connections as they should be: one closes what it doesn't need, one was given the
 * connection and waits for its request, one works on it, and one has what its parent has still
 * open. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int orders[2], answers[2];

static void wait_for_the_end(void)
{
	char byte;

	close(orders[1]);
	must(write(answers[1], "d", 1));
	expect(read(orders[0], &byte, 1) == 0);
	_exit(0);
}

int main(void)
{
	char byte;
	int listener = stage_listen(), clients[4], fds[4];
	pid_t children[4];

	must(pipe(orders));
	must(pipe(answers));
	for (int i = 0; i < 4; i++) {
		clients[i] = peer_connect(stage_port(listener));
		fds[i] = must(accept(listener, NULL, NULL));
		peer_send(clients[i], 1);
		if (i == 0)
			expect(recv(fds[i], &byte, 1, 0) == 1);
		children[i] = must(fork());
		if (!children[i]) {
			if (i == 0)
				close(fds[0]);
			if (i == 2) /* the request was there before its parent closed */
				expect(recv(fds[2], &byte, 1, 0) == 1);
			close(listener);
			wait_for_the_end();
		}
		expect(read(answers[0], &byte, 1) == 1);
		if (i == 0)
			expect(send(fds[0], "x", 1, 0) == 1);
		if (i < 3)
			must(close(fds[i]));
	}
	expect(send(fds[3], "x", 1, 0) == 1);
	stage_ready();
	must(close(orders[1]));
	for (int i = 0; i < 4; i++)
		must(waitpid(children[i], NULL, 0));
	must(close(fds[3]));
	return 0;
}
