/* SPDX-License-Identifier: MIT */
/* A loop takes the end for "nothing yet": it reads 0 for ever. Of two connections, each read in
 * another loop. */
#include "stage/peer.h"
#include "stage/stage.h"

static void read_for_ever(int fd)
{
	char byte;

	for (int i = 0; i < 1500; i++)
		/* EXPECT eof-spin evidence id=one call=recv */
		expect(recv(fd, &byte, 1, 0) == 0);
}

static void poll_for_ever(int fd)
{
	char byte;

	for (int i = 0; i < 1000; i++) {
		struct pollfd polled = { .fd = fd, .events = POLLIN };
		must(poll(&polled, 1, -1));
		/* EXPECT eof-spin evidence id=two call=read */
		expect(read(fd, &byte, 1) == 0);
	}
}

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	/* EXPECT eof-spin opened id=one class=J says=1500 eof_reads=1500 */
	int fd = must(accept(listener, NULL, NULL));

	peer_finish(client);
	read_for_ever(fd);
	client = peer_connect(stage_port(listener));
	/* EXPECT eof-spin opened id=two class=J says=1000 eof_reads=1000 */
	fd = must(accept(listener, NULL, NULL));
	peer_finish(client);
	poll_for_ever(fd);
	stage_ready();
	return 0;
}
