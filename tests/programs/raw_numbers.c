/* SPDX-License-Identifier: MIT */
/*
 * Numbers that libc and raw system calls hand to each other. A life of libc's that was closed
 * behind it is drift and leaves nothing to the next owner of its number; a raw socket that libc
 * closes was never in the book, and closing it is no double close. Nobody tells a killed process's
 * last drift: only the kernel knew it.
 */
/* TEST opened=10 closed=8 drift=4 closed_kill=7 drift_kill=3 */
/* TEST unexplained=3 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/raw.h"
#include "stage/stage.h"

static int listener;

static int accepted(void)
{
	peer_connect(stage_port(listener));
	return must(accept(listener, NULL, NULL));
}

/* A connection past libc, whose end waits to be read. */
static int raw_ended(void)
{
	int client = peer_connect(stage_port(listener)), fd = must(raw_accept(listener, 0));

	peer_finish(client);
	return fd;
}

int main(void)
{
	char byte;

	listener = stage_listen();

	/* libc's, closed raw; the number goes on as a raw one, which libc reads and closes. Whose end
	 * it was is asked only if something else is opened before the close(): else it passes for
	 * libc's own. */
	int fd = accepted();
	must(raw_close(fd));
	expect(raw_ended() == fd);
	expect(recv(fd, &byte, 1, 0) == 0);
	must(close(fd));
	expect(accepted() == fd);
	must(raw_close(fd));
	expect(raw_ended() == fd);
	expect(recv(fd, &byte, 1, 0) == 0);
	must(close(must(socket(AF_INET, SOCK_STREAM, 0))));
	must(close(fd));

	/* Raw, closed by libc, then libc's own, closed properly. */
	expect(raw_ended() == fd);
	must(close(fd));
	expect(accepted() == fd);
	must(close(fd));

	/* libc's, closed raw, and libc's again, closed properly. */
	expect(accepted() == fd);
	must(raw_close(fd));
	expect(accepted() == fd);
	must(close(fd));

	/* libc's were here; now raw ones stay: after a close by libc, after a raw one, and after a
	 * raw one with libc reading the other's end. */
	expect(raw_ended() == fd);
	int second = accepted();
	must(raw_close(second));
	expect(raw_ended() == second);
	int third = accepted();
	must(raw_close(third));
	expect(raw_ended() == third);
	expect(recv(third, &byte, 1, 0) == 0);

	must(socket(AF_INET, SOCK_STREAM, 0));
	stage_ready();
	return 0;
}
