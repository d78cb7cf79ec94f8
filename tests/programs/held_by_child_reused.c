/* SPDX-License-Identifier: MIT */
/* As held_by_child, and the number of what the server closed is an epoll's, or a file's, soon
 * after: who closed it is known all the same. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>

int main(void)
{
	int listener = stage_listen(), orders[2];
	pid_t children[2];
	char byte;

	must(pipe(orders));
	for (int i = 0; i < 2; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT held-by-child opened count=2 call=accept */
		int fd = must(accept(listener, NULL, NULL));

		children[i] = must(fork()); /* EXPECT held-by-child fork call=fork */
		if (!children[i]) {
			close(orders[1]);
			close(listener);
			expect(read(orders[0], &byte, 1) == 0);
			_exit(0);
		}
		expect(send(fd, "bye", 3, 0) == 3);
		must(close(fd)); /* EXPECT held-by-child closed call=close */
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
