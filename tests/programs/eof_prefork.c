/* SPDX-License-Identifier: MIT */
/* Two workers accept from the master's listener; each reads the end of its clients and goes on
 * without closing. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int listener, steps[2], done[2];

static void work(void)
{
	char byte, buffer[64];

	while (read(steps[0], &byte, 1) == 1) {
		/* EXPECT eof-not-closed opened count=4 */
		int fd = must(accept(listener, NULL, NULL));
		while (read(fd, buffer, sizeof(buffer)) > 0) /* EXPECT eof-not-closed evidence */
			;
		must(write(done[1], "d", 1));
	}
	_exit(0);
}

int main(void)
{
	pid_t workers[2];

	listener = stage_listen();
	must(pipe(steps));
	must(pipe(done));
	for (int i = 0; i < 2; i++) {
		workers[i] = must(fork());
		if (!workers[i]) {
			close(steps[1]);
			work();
		}
	}
	close(steps[0]);
	for (int i = 0; i < 4; i++) {
		char byte;
		int client = peer_connect(stage_port(listener));

		must(write(steps[1], "s", 1));
		peer_send(client, 3);
		peer_finish(client);
		must(read(done[0], &byte, 1));
	}
	stage_ready();
	close(steps[1]);
	for (int i = 0; i < 2; i++)
		must(waitpid(workers[i], NULL, 0));
	return 0;
}
