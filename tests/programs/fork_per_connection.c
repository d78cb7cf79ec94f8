/* SPDX-License-Identifier: MIT */
/* A process per connection: the child serves to the end and leaves by _exit, the parent closes its
 * copy. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void serve(int fd)
{
	char buffer[64];
	ssize_t n;

	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		must(send(fd, buffer, (size_t)n, MSG_NOSIGNAL));
	must(close(fd));
	_exit(0);
}

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 4; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));
		pid_t child = must(fork());

		if (!child) {
			close(listener);
			serve(fd);
		}
		must(close(fd));
		peer_send(client, 20);
		peer_receive(client, 20);
		peer_finish(client);
		must(waitpid(child, NULL, 0));
	}
	stage_ready();
	return 0;
}
