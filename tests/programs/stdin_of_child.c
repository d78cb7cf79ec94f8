/* SPDX-License-Identifier: MIT */
/* A server's child puts the connection at its standard input and output, as an inetd does for
 * services of its own, reads it to the end and works on. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void serve(int fd, int listener, int done, int end)
{
	char byte;

	must(dup2(fd, STDIN_FILENO));
	must(dup2(fd, STDOUT_FILENO));
	must(close(fd));
	must(close(listener));
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	must(write(done, "d", 1));
	must(read(end, &byte, 1));
	exit(0);
}

int main(void)
{
	char byte;
	int done[2], end[2], listener = stage_listen();
	int client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	must(pipe(done));
	must(pipe(end));
	pid_t child = must(fork());
	if (!child) {
		must(close(end[1]));
		serve(fd, listener, done[1], end[0]);
	}
	must(close(fd));
	peer_send(client, 20);
	peer_half_close(client);
	must(read(done[0], &byte, 1));
	stage_ready();
	must(close(end[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
