/* SPDX-License-Identifier: MIT */
/* EBADF that is nobody's slip: numbers that never were a socket, a number that was another socket's
 * since, and a sweep that asks of every number whether it is open. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	char byte;
	int listener = stage_listen();

	peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)), null;

	must(close(fd));
	expect((null = must(open("/dev/null", O_RDWR))) == fd);
	must(close(null));
	expect(write(fd, "x", 1) == -1 && errno == EBADF);
	expect(recv(900, &byte, 1, 0) == -1 && errno == EBADF);
	expect(send(-1, &byte, 1, MSG_NOSIGNAL) == -1 && errno == EBADF);
	peer_connect(stage_port(listener));
	must(close(must(accept(listener, NULL, NULL))));
	for (int number = 3; number < 64; number++)
		if (fcntl(number, F_GETFD) == -1)
			expect(errno == EBADF);
	stage_ready();
	return 0;
}
