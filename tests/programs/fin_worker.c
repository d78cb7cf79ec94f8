/* SPDX-License-Identifier: MIT */
/* A worker process accepts two clients and waits for something else; they leave. The master is
 * clean. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void work(int listener, int said, int wait_for)
{
	char byte;

	for (int i = 0; i < 2; i++)
		/* EXPECT fin-unread opened count=2 when=live,exit,kill */
		must(accept(listener, NULL, NULL));
	must(write(said, "a", 1));
	must(read(wait_for, &byte, 1));
	_exit(0);
}

int main(void)
{
	int listener = stage_listen(), accepted[2], end[2], clients[2];
	char byte;

	must(pipe(accepted));
	must(pipe(end));
	pid_t worker = must(fork());
	if (!worker) {
		close(end[1]);
		work(listener, accepted[1], end[0]);
	}
	for (int i = 0; i < 2; i++)
		clients[i] = peer_connect(stage_port(listener));
	must(read(accepted[0], &byte, 1));
	for (int i = 0; i < 2; i++)
		peer_finish(clients[i]);
	stage_ready();
	close(end[1]);
	must(waitpid(worker, NULL, 0));
	return 0;
}
