/* SPDX-License-Identifier: MIT */
/* A handler of quick_exit() closes one of two connections that were read to their end; the other
 * one is told. */
/* Before its end both are open, and rightly. TEST live=no kill=no */
#include "stage/stage.h"

static int closed[2], forgotten[2];

static void handler(void)
{
	must(close(closed[0]));
}

int main(void)
{
	char byte;

	must(at_quick_exit(handler));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, closed));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, forgotten)); /* EXPECT eof-not-closed opened */
	must(close(closed[1]));
	must(close(forgotten[1]));
	expect(read(closed[0], &byte, 1) == 0);
	expect(read(forgotten[0], &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	stage_ready();
	quick_exit(4);
}
