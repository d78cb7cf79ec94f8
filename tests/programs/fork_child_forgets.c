/* SPDX-License-Identifier: MIT */
/* A process per connection, closed by the parent; the child reads the end and lives on without
 * closing. The place of the opening is the parent's accept(). */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void serve(int fd, int done, int end)
{
	char buffer[64];
	ssize_t n;

	do
		/* EXPECT eof-not-closed evidence */
		n = recv(fd, buffer, sizeof(buffer), 0);
	while (n > 0);
	must(write(done, "d", 1));
	must(read(end, buffer, 1));
	_exit(0);
}

int main(void)
{
	int listener = stage_listen(), done[2], end[2];
	pid_t children[3];

	must(pipe(done));
	must(pipe(end));
	for (int i = 0; i < 3; i++) {
		char byte;
		int client = peer_connect(stage_port(listener));
		/* EXPECT eof-not-closed opened count=3 */
		int fd = must(accept(listener, NULL, NULL));
		children[i] = must(fork());

		if (!children[i]) {
			close(listener);
			close(end[1]);
			serve(fd, done[1], end[0]);
		}
		must(close(fd));
		peer_send(client, 20);
		peer_finish(client);
		must(read(done[0], &byte, 1));
	}
	stage_ready();
	close(end[1]);
	for (int i = 0; i < 3; i++)
		must(waitpid(children[i], NULL, 0));
	return 0;
}
