/* SPDX-License-Identifier: MIT */
/* The twin of epipe_still_receives: the requests came before the EPIPE, and none since. */
/* TEST grace=default kill=no */
#include "stage/stage.h"

int main(void)
{
	char byte;
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); /* EXPECT error-not-closed opened */
	must(shutdown(pair[1], SHUT_RD));
	for (int i = 0; i < 3; i++)
		expect(write(pair[1], "x", 1) == 1 && read(pair[0], &byte, 1) == 1);
	/* EXPECT error-not-closed evidence call=send errno=EPIPE */
	ssize_t n = send(pair[0], "answer", 6, MSG_NOSIGNAL);
	expect(n == -1 && errno == EPIPE);
	for (int i = 0; i < 4; i++)
		must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	stage_ready();
	return 0;
}
