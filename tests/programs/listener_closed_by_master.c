/* SPDX-License-Identifier: MIT */
/* The master closes the listener while its workers go on serving from it. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <signal.h>
#include <sys/wait.h>

int main(void)
{
	int listener = stage_listen(), port = stage_port(listener), done[2];
	pid_t workers[2];

	must(pipe(done));
	for (int i = 0; i < 2; i++) {
		workers[i] = must(fork());
		if (workers[i])
			continue;
		for (;;) {
			char buffer[64];
			int fd = must(accept(listener, NULL, NULL));
			while (recv(fd, buffer, sizeof(buffer), 0) > 0)
				;
			must(close(fd));
			must(write(done[1], "d", 1));
		}
	}
	must(close(listener));
	for (int i = 0; i < 6; i++) {
		char byte;
		int client = peer_connect(port);
		peer_send(client, 8);
		peer_finish(client);
		must(read(done[0], &byte, 1));
	}
	stage_ready();
	for (int i = 0; i < 2; i++) {
		kill(workers[i], SIGTERM);
		must(waitpid(workers[i], NULL, 0));
	}
	return 0;
}
