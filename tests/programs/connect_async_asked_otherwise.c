/* SPDX-License-Identifier: MIT */
/* The failure of a pending connect can be learnt without SO_ERROR: by reading, by writing, by
 * connecting again. */
#include "stage/peer.h"
#include "stage/stage.h"

static int start(int port)
{
	/* EXPECT connect-failed-not-closed opened id=recv,send,connect */
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	struct pollfd entry = { .fd = fd, .events = POLLOUT };
	expect(connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE) == -1 &&
	       errno == EINPROGRESS);
	must(poll(&entry, 1, -1));
	return fd;
}

static void by_recv(int fd)
{
	char byte;
	/* EXPECT connect-failed-not-closed evidence id=recv call=recv errno=ECONNREFUSED */
	expect(recv(fd, &byte, 1, 0) == -1 && errno == ECONNREFUSED);
}

static void by_send(int fd)
{
	/* EXPECT connect-failed-not-closed evidence id=send call=send errno=ECONNREFUSED */
	expect(send(fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == ECONNREFUSED);
}

static void by_connect(int fd, int port)
{
	/* EXPECT connect-failed-not-closed evidence id=connect call=connect errno=ECONNREFUSED */
	int result = connect(fd, stage_address((unsigned short)port), STAGE_ADDRESS_SIZE);
	expect(result == -1 && errno == ECONNREFUSED);
}

int main(void)
{
	int port = peer_reserve();

	by_recv(start(port));
	by_send(start(port));
	by_connect(start(port), port);
	stage_ready();
	return 0;
}
