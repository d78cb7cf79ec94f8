/* SPDX-License-Identifier: MIT */
/* The twin of eof_spin: one socket is read past its end 5,000 times and then closed, which is
 * nobody's leak; one 999 times, through two descriptors: it is forgotten, but no spin. */
#include "stage/peer.h"
#include "stage/stage.h"

static void read_ends(int fd, int times)
{
	char byte;

	for (int i = 0; i < times; i++)
		/* EXPECT eof-not-closed evidence */
		expect(recv(fd, &byte, 1, 0) == 0);
}

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept4(listener, NULL, NULL, 0));

	peer_finish(client);
	read_ends(fd, 5000);
	must(close(fd));
	client = peer_connect(stage_port(listener));
	fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened eof_reads=999 */
	peer_finish(client);
	read_ends(fd, 600);
	read_ends(must(dup(fd)), 399);
	stage_ready();
	return 0;
}
