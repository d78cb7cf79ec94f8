/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets whose peer is gone, and no read has met it: since when, the kernel doesn't say, so
 * no rule holds; the balance counts the streams. Datagrams and packets of no bytes are no end.
 * Silent.
 */
/* TEST opened=15 closed=4 drift=0 unexplained=0 tcp=0 unix_ended=3 */
#include "stage/stage.h"

int main(void)
{
	const struct timeval soon = { .tv_usec = 1000 };
	char byte;
	int pair[2];

	/* Two that nobody reads. */
	for (int i = 0; i < 2; i++) {
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		must(close(pair[1]));
	}
	/* A message of no bytes, and then the peer's end: both say 0. */
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	must((int)send(pair[1], "", 0, 0));
	must(close(pair[1]));
	expect(recv(pair[0], &byte, 1, 0) == 0);
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	must((int)send(pair[1], "", 0, 0));
	must(close(pair[1]));
	must(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	expect(recv(pair[0], &byte, 1, 0) == 0);
	/* Ours to shut, and the peer lives. */
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(shutdown(pair[0], SHUT_RD));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(socket(AF_UNIX, SOCK_DGRAM, 0));
	must(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	stage_ready();
	return 0;
}
