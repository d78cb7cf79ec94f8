/* SPDX-License-Identifier: MIT */
/* The only connection past its end is closed by a handler of quick_exit(). Silent. */
/* Before its end it is open, and rightly. TEST live=no kill=no */
#include "stage/stage.h"

static int pair[2];

static void handler(void)
{
	must(close(pair[0]));
}

int main(void)
{
	char byte;

	must(at_quick_exit(handler));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(close(pair[1]));
	expect(read(pair[0], &byte, 1) == 0);
	stage_ready();
	quick_exit(4);
}
