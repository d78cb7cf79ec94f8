/* SPDX-License-Identifier: MIT */
/*
 * Numbers that a ring and libc hand to each other: libc's sockets closed by the ring are drift, the
 * ring's closed by libc are nothing at all, and what either did with a number says nothing of the
 * other's socket there. What the ring closed last, a killed process can't tell.
 */
/* TEST libs=-luring opened=8 closed=7 drift=4 closed_kill=5 drift_kill=2 */
/* TEST unexplained=2 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/ring.h"

static int listener;

static int accepted(void)
{
	peer_connect(stage_port(listener));
	return must(accept(listener, NULL, NULL));
}

/* A connection of the ring's, whose end waits to be read. */
static int ring_ended(void)
{
	int client = peer_connect(stage_port(listener)), fd = ring_accept(listener, 0);

	peer_finish(client);
	return fd;
}

int main(void)
{
	char byte;

	ring_start();
	listener = stage_listen();

	/* The ring's, closed by libc's close(), with and without a read by libc. */
	int fd = ring_ended();
	must(close(fd));
	expect(ring_ended() == fd);
	expect(recv(fd, &byte, 1, 0) == 0);
	must(close(fd));

	/* libc's, closed by libc, where the ring's were; then closed by the ring, and libc's
	 * again. */
	expect(accepted() == fd);
	must(close(fd));
	expect(accepted() == fd);
	ring_close(fd);
	expect(accepted() == fd);
	must(close(fd));

	/* The ring's stay at numbers of libc's: one that libc closed, one that the ring closed. */
	expect(ring_ended() == fd);
	int second = accepted();
	ring_close(second);
	expect(ring_ended() == second);

	/* libc's, used by both, and closed by the ring. */
	int client = peer_connect(stage_port(listener)), third = must(accept(listener, NULL, NULL));
	peer_send(client, 2);
	expect(recv(third, &byte, 1, 0) == 1);
	expect(ring_recv(third, &byte, 1) == 1);
	ring_close(third);

	expect(accepted() == third);
	must(close(third));

	/* And one whose number nobody takes again. */
	ring_close(accepted());
	stage_ready();
	return 0;
}
