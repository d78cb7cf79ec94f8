/* SPDX-License-Identifier: MIT */
/* The end is read through a copy, of a higher number than the original: the report and the line at
 * exit tell it all the same, and once. */
#include "stage/stage.h"

int main(void)
{
	char byte;
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); /* EXPECT eof-not-closed opened */
	int copy = must(dup(pair[0]));

	expect(copy > pair[0]);
	must(close(pair[1]));
	expect(read(copy, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	stage_ready();
	return 0;
}
