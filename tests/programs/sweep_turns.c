/* SPDX-License-Identifier: MIT */
/* Three sockets closed in every order, and then a sweep over all numbers that begins among them; and
 * a library that notices, by EBADF, that its descriptor was swept away. Silent. */
#include "stage/stage.h"
#include <errno.h>
#include <sys/socket.h>

int main(void)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					 { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		int sockets[3];

		for (int j = 0; j < 3; j++)
			sockets[j] = must(socket(AF_INET, SOCK_STREAM, 0));
		for (int j = 0; j < 3; j++)
			must(close(sockets[orders[i][j]]));
		for (int fd = sockets[0]; fd < sockets[0] + 60; fd++)
			close(fd);
	}
	int pair[2];
	expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (int fd = pair[0]; fd < pair[0] + 60; fd++)
		close(fd);
	expect(send(pair[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EBADF);
	stage_ready();
	return 0;
}
