/* SPDX-License-Identifier: MIT */
/* A server that is working on a half-closed connection's answer starts a helper, which inherits the
 * connection, never touches it and lives for a while; the server closes when it is done. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int helper(void)
{
	char byte;

	must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	must(write(STDOUT_FILENO, "h", 1));
	must(read(STDIN_FILENO, &byte, 1));
	return 0;
}

int main(int count, char **arguments)
{
	char buffer[64];
	int orders[2], answers[2];

	if (count > 1)
		return helper();
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_send(client, 50);
	peer_half_close(client);
	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
	must(pipe(orders));
	must(pipe(answers));
	pid_t child = must(fork());
	if (!child) {
		dup2(orders[0], STDIN_FILENO);
		dup2(answers[1], STDOUT_FILENO);
		close(orders[1]);
		execl("/proc/self/exe", arguments[0], "helper", NULL);
		_exit(127);
	}
	expect(read(answers[0], buffer, 1) == 1);
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	must(close(fd));
	stage_ready();
	return 0;
}
