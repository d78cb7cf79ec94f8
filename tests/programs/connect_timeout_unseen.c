/* SPDX-License-Identifier: MIT */
/* A pending connect that nobody answers: the kernel gives it up (ETIMEDOUT, by TCP_USER_TIMEOUT),
 * and the program never asks. */
#include "stage/peer.h"
#include "stage/stage.h"

int main(void)
{
	unsigned timeout_ms = 200;
	int port = peer_listen(0);
	const struct sockaddr *address = stage_address((unsigned short)port);

	/* The only place in the queue. */
	must(connect(must(socket(AF_INET, SOCK_STREAM, 0)), address, STAGE_ADDRESS_SIZE));
	/* EXPECT connect-failed-not-closed opened tcp_state=CLOSE says=gave when=live,exit */
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	must(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms)));
	/* EXPECT connect-failed-not-closed evidence call=connect */
	int result = connect(fd, address, STAGE_ADDRESS_SIZE);
	expect(result == -1 && errno == EINPROGRESS);
	peer_refused(port);
	stage_ready();
	return 0;
}
