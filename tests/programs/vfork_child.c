/* SPDX-License-Identifier: MIT */
/* A vfork child closes and copies before it execs, in memory that it shares: the parent's sockets
 * are all still open, and the parent's book knows. The one whose end was read is told. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */
	int status;

	for (int i = 0; i < 3; i++) {
		pid_t child = vfork();
		if (!child) {
			close(fd);
			dup2(listener, 40);
			close(listener);
			execl("/bin/true", "true", NULL);
			_exit(127);
		}
		must(child);
		must(waitpid(child, &status, 0));
		expect(status == 0);
	}
	peer_send(client, 1);
	expect(read(fd, &byte, 1) == 1);
	peer_finish(client);
	expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	stage_ready();
	return 0;
}
