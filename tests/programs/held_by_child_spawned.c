/* SPDX-License-Identifier: MIT */
/* The same with posix_spawn() and a program that nobody audits: it is seen as long as it runs. The
 * connection that was opened close-on-exec is not held. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <spawn.h>
#include <sys/wait.h>

int main(void)
{
	char *const arguments[] = { "cat", NULL }, *const environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int listener = stage_listen(), orders[2];
	pid_t child;

	must(pipe(orders));
	int client = peer_connect(stage_port(listener));
	/* EXPECT held-by-child opened when=live */
	int fd = must(accept(listener, NULL, NULL));
	int other = peer_connect(stage_port(listener));
	int closed = must(accept4(listener, NULL, NULL, SOCK_CLOEXEC));

	must(-posix_spawn_file_actions_init(&actions));
	must(-posix_spawn_file_actions_adddup2(&actions, orders[0], STDIN_FILENO));
	must(-posix_spawn_file_actions_addclose(&actions, orders[1]));
	/* EXPECT held-by-child fork child=cat call=posix_spawn */
	must(-posix_spawn(&child, "/bin/cat", &actions, NULL, arguments, environment));
	posix_spawn_file_actions_destroy(&actions);
	expect(send(fd, "bye", 3, 0) == 3 && send(closed, "bye", 3, 0) == 3);
	must(close(fd)); /* EXPECT held-by-child closed */
	must(close(closed));
	peer_receive(client, 3);
	peer_receive(other, 3);
	peer_expect_end(other);
	stage_ready();
	must(close(orders[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
