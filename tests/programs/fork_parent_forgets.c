/* SPDX-License-Identifier: MIT */
/* A process per connection, and the parent forgets its copy: the child served and closed, but the
 * parent's descriptor keeps the socket in CLOSE_WAIT, and the parent never looked. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT fin-unread opened count=3 class=F says=served_them */
		/* EXPECT fin-unread fact reason=served-by-child */
		int fd = must(accept(listener, NULL, NULL));
		pid_t child = must(fork());

		if (!child) {
			char buffer[64];
			ssize_t n;
			close(listener);
			while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
				must(send(fd, buffer, (size_t)n, MSG_NOSIGNAL));
			must(close(fd));
			_exit(0);
		}
		peer_send(client, 20);
		peer_receive(client, 20);
		peer_finish(client);
		must(waitpid(child, NULL, 0));
	}
	stage_ready();
	return 0;
}
