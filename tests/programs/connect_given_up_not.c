/* SPDX-License-Identifier: MIT */
/* The twin of connect_given_up and connect_timeout_unseen: a pending connect that still waits for
 * its answer, one that was refused unseen and is closed, and a datagram whose refusal nobody has
 * asked for: it has no connection that could fail. Silent. */
#include "stage/peer.h"
#include "stage/stage.h"

static int dial(int port)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	return fd;
}

int main(void)
{
	int full = peer_listen(0), closed = peer_reserve(),
	    datagrams = must(socket(AF_INET, SOCK_DGRAM, 0)), fd = dial(closed);

	peer_refused(closed);
	must(close(fd));
	must(connect(must(socket(AF_INET, SOCK_STREAM, 0)), stage_address((unsigned short)full),
		     STAGE_ADDRESS_SIZE));
	dial(full);
	must(connect(datagrams, stage_address((unsigned short)peer_reserve()), STAGE_ADDRESS_SIZE));
	must(send(datagrams, "x", 1, 0));
	struct pollfd refused = { .fd = datagrams, .events = POLLIN };
	must(poll(&refused, 1, -1));
	stage_ready();
	return 0;
}
