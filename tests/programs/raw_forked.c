/* SPDX-License-Identifier: MIT */
/* A connection made past libc before a fork: both processes hold it, neither book knows it, and
 * both balances name it. */
/* TEST opened=1 closed=0 unexplained=1 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/raw.h"
#include "stage/stage.h"
#include <sys/wait.h>

int main(void)
{
	int to_child[2], to_parent[2], listener = stage_listen();
	int client = peer_connect(stage_port(listener));
	char byte;

	must(raw_accept(listener, 0));
	peer_finish(client);
	must(pipe(to_child));
	must(pipe(to_parent));
	pid_t child = must(fork());
	if (!child) {
		/* Its own book begins with its first socket. */
		must(socket(AF_INET, SOCK_STREAM, 0));
		must(close(to_child[1]));
		must(write(to_parent[1], "", 1));
		expect(read(to_child[0], &byte, 1) == 0);
		_exit(0);
	}
	expect(read(to_parent[0], &byte, 1) == 1);
	stage_ready();
	must(close(to_child[1]));
	must(waitpid(child, NULL, 0));
	return 0;
}
