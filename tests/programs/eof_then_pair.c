/* SPDX-License-Identifier: MIT */
/* After the end was read the program opens one pair and returns: two descriptors, but one step; it
 * had no time to close. Silent. */
/* TEST grace=default live=no kill=no */
#include "stage/stage.h"

int main(void)
{
	char byte;
	int first[2], second[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, first));
	must(close(first[1]));
	expect(read(first[0], &byte, 1) == 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, second));
	return 0;
}
