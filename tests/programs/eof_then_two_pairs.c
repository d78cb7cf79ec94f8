/* SPDX-License-Identifier: MIT */
/* The twin of eof_then_pair: two steps later the socket is still open. */
/* TEST grace=default live=no kill=no */
#include "stage/stage.h"

int main(void)
{
	char byte;
	int first[2], second[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, first)); /* EXPECT eof-not-closed opened */
	must(close(first[1]));
	expect(read(first[0], &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
	for (int i = 0; i < 2; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, second));
	return 0;
}
