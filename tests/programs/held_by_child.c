/* SPDX-License-Identifier: MIT */
/* Each client is served while a child is forked that has nothing to do with it; the server closes,
 * the children hold on and never look: no client sees the end. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/wait.h>

static void job(int listener, int order)
{
	char byte;

	close(listener);
	expect(read(order, &byte, 1) == 0);
	_exit(0);
}

int main(void)
{
	int listener = stage_listen(), orders[2];
	pid_t children[3];

	must(pipe(orders));
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT held-by-child opened count=3 call=accept */
		int fd = must(accept(listener, NULL, NULL));

		children[i] =
			must(fork()); /* EXPECT held-by-child fork call=fork child=held_by_child */
		if (!children[i]) {
			close(orders[1]);
			job(listener, orders[0]);
		}
		expect(send(fd, "bye", 3, 0) == 3);
		must(close(fd)); /* EXPECT held-by-child closed call=close */
		peer_receive(client, 3);
	}
	close(orders[0]);
	stage_ready();
	close(orders[1]);
	for (int i = 0; i < 3; i++)
		must(waitpid(children[i], NULL, 0));
	return 0;
}
