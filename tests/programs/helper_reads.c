/* SPDX-License-Identifier: MIT */
/* The twin of helper_inherits: the helper reads the end of the connection that it inherited, lives
 * on, and ends without a close. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int helper(int fd)
{
	char byte;

	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence when=exit,kill */
	must(write(STDOUT_FILENO, "h", 1));
	must(read(STDIN_FILENO, &byte, 1));
	return 0;
}

int main(int count, char **arguments)
{
	char buffer[64];
	int orders[2], answers[2];

	if (count > 1)
		return helper(atoi(arguments[1]));
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_send(client, 50);
	peer_half_close(client);
	while (recv(fd, buffer, sizeof(buffer), 0) > 0)
		;
	snprintf(buffer, sizeof(buffer), "%d", fd);
	must(pipe(orders));
	must(pipe(answers));
	pid_t child = must(fork());
	if (!child) {
		dup2(orders[0], STDIN_FILENO);
		dup2(answers[1], STDOUT_FILENO);
		close(orders[1]);
		execl("/proc/self/exe", arguments[0], buffer, NULL);
		_exit(127);
	}
	expect(read(answers[0], buffer, 1) == 1);
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	must(close(fd));
	stage_ready();
	return 0;
}
