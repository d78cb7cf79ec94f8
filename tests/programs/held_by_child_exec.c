/* SPDX-License-Identifier: MIT */
/* A helper is started while a client is served, and close-on-exec was forgotten: it holds the
 * connection under the number that it had, and knows nothing of it. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static int helper(void)
{
	char byte;

	must(write(STDOUT_FILENO, "h", 1));
	expect(read(STDIN_FILENO, &byte, 1) == 0);
	return 0;
}

int main(int count, char **arguments)
{
	char byte;
	int orders[2], answers[2];

	if (count > 1)
		return helper();
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT held-by-child opened */

	must(pipe(orders));
	must(pipe(answers));
	pid_t child = must(fork()); /* EXPECT held-by-child fork child=exe */
	if (!child) {
		dup2(orders[0], STDIN_FILENO);
		dup2(answers[1], STDOUT_FILENO);
		close(orders[1]);
		execl("/proc/self/exe", arguments[0], "helper", NULL);
		_exit(127);
	}
	expect(read(answers[0], &byte, 1) == 1);
	expect(send(fd, "bye", 3, 0) == 3);
	must(close(fd)); /* EXPECT held-by-child closed */
	peer_receive(client, 3);
	stage_ready();
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
