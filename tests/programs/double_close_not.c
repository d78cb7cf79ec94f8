/* SPDX-License-Identifier: MIT */
/* The near twins: -1 closed, a number that never was, a file's number closed twice after a socket
 * had it, a number that lives again. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>

int main(void)
{
	int listener = stage_listen();

	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener)),
		    fd = must(accept(listener, NULL, NULL));
		peer_finish(client);
		must(close(fd));
		int file = must(open("/dev/null", O_RDONLY));
		expect(file == fd);
		must(close(file));
		expect(close(file) == -1 && errno == EBADF);
		expect(close(-1) == -1 && errno == EBADF);
		expect(close(150 + i) == -1 && errno == EBADF);

		/* Another socket takes the number between the two closes: both succeed. */
		int again = must(socket(AF_INET, SOCK_STREAM, 0));
		expect(again == fd);
		must(close(fd));
	}
	stage_ready();
	return 0;
}
