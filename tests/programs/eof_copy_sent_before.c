/* SPDX-License-Identifier: MIT */
/* The twin of eof_copy_sends: the answers left through the copy before the end was read, and none
 * since. */
/* TEST grace=default kill=no */
#include "stage/stage.h"

int main(void)
{
	char buffer[8];
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); /* EXPECT eof-not-closed opened */
	int copy = must(dup(pair[0]));

	for (int i = 0; i < 3; i++)
		expect(write(copy, "answer", 6) == 6 && read(pair[1], buffer, 6) == 6);
	must(shutdown(pair[1], SHUT_WR));
	expect(read(pair[0], buffer, 1) == 0); /* EXPECT eof-not-closed evidence */
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	stage_ready();
	return 0;
}
