/* SPDX-License-Identifier: MIT */
/* The twin of eof_unix: pairs whose both ends are closed after the end was read. Silent. */
/* TEST opened=20 closed=20 */
#include "stage/stage.h"

int main(void)
{
	for (int i = 0; i < 10; i++) {
		char byte;
		int pair[2];

		must(socketpair(AF_UNIX, SOCK_STREAM | (i % 2 ? SOCK_CLOEXEC : 0), 0, pair));
		must(close(pair[0]));
		expect(read(pair[1], &byte, 1) == 0);
		must(close(pair[1]));
	}
	stage_ready();
	return 0;
}
