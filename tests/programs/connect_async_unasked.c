/* SPDX-License-Identifier: MIT */
/* A pending connect succeeds and nobody asks for its result. One is used and its end is read, one
 * by a server that leaves, one by a server that stays (legal). */
#include "stage/peer.h"
#include "stage/stage.h"

static int start(int port)
{
	/* EXPECT eof-not-closed opened */
	/* EXPECT fin-unread opened */
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	return fd;
}

int main(void)
{
	char buffer[8];
	int port = peer_listen(8), fd = start(port), server = peer_accept();
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	must(send(fd, "hello", 5, MSG_NOSIGNAL));
	peer_receive(server, 5);
	peer_finish(server);
	must(poll(&entry, 1, -1));
	expect(recv(fd, buffer, 8, 0) == 0); /* EXPECT eof-not-closed evidence */

	start(port);
	peer_finish(peer_accept());
	start(port);
	peer_accept();
	stage_ready();
	return 0;
}
