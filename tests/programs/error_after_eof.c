/* SPDX-License-Identifier: MIT */
/* EOF first, then an answer that fails: the first event names the rule. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	char byte;
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened */
	struct pollfd reset = { .fd = fd };

	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */
	must(send(fd, "x", 1, MSG_NOSIGNAL));
	do
		must(poll(&reset, 1, -1));
	while (!(reset.revents & POLLERR));
	expect(send(fd, "x", 1, MSG_NOSIGNAL) == -1);
	stage_ready();
	return 0;
}
