/* SPDX-License-Identifier: MIT */
/* The near twin of held_by_child_reused: the children close their copies, and the numbers are an
 * epoll's and a file's soon after. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

static void job(int fd, int listener, int order)
{
	char byte;

	close(fd);
	close(listener);
	expect(read(order, &byte, 1) == 0);
	_exit(0);
}

int main(void)
{
	int listener = stage_listen(), orders[2];
	pid_t children[2];
	char byte;

	must(pipe(orders));
	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		int fd = must(accept(listener, NULL, NULL));

		children[i] = must(fork());
		if (!children[i]) {
			close(orders[1]);
			job(fd, listener, orders[0]);
		}
		expect(send(fd, "bye", 3, 0) == 3);
		must(close(fd));
		peer_receive(client, 3);
		if (i == 0)
			expect(epoll_create1(0) == fd);
		else
			expect(open("/dev/zero", O_RDONLY) == fd && read(fd, &byte, 1) == 1);
	}
	close(orders[0]);
	stage_ready();
	close(orders[1]);
	for (int i = 0; i < 2; i++)
		must(waitpid(children[i], NULL, 0));
	return 0;
}
