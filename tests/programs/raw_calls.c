/* SPDX-License-Identifier: MIT */
/* Behind libc's back: one socket is opened by a raw system call (the balance names it as not
 * explained), and one is closed by a raw one, whose number then lives again (drift). No finding but
 * the one of the second life. */
/* TEST drift=1 unexplained=1 reason=opened_behind_libc */
#include "stage/peer.h"
#include "stage/raw.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));

	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0);
	must(raw_close(fd));

	client = peer_connect(stage_port(listener));
	int again = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */
	expect(again == fd);
	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */

	must(raw_socket(AF_INET, SOCK_STREAM));
	stage_ready();
	return 0;
}
