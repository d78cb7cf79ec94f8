/* SPDX-License-Identifier: MIT */
/* The peer reads no more, one answer fails with EPIPE, others are opened since; but requests still
 * come and are read. Silent. */
/* TEST grace=default live_grace=default kill=no */
#include "stage/stage.h"

int main(void)
{
	char byte;
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(shutdown(pair[1], SHUT_RD));
	expect(send(pair[0], "answer", 6, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	for (int i = 0; i < 3; i++)
		expect(write(pair[1], "x", 1) == 1 && read(pair[0], &byte, 1) == 1);
	stage_ready();
	return 0;
}
