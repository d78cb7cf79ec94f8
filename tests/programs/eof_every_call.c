/* SPDX-License-Identifier: MIT */
/* The end is an end whichever call returns it: six calls, six findings. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <sys/uio.h>

static char buffer[16];
static struct iovec vector = { buffer, sizeof(buffer) };

static void with_read(int fd)
{
	expect(read(fd, buffer, 16) == 0); /* EXPECT eof-not-closed evidence id=1 call=read */
}

static void with_readv(int fd)
{
	expect(readv(fd, &vector, 1) == 0); /* EXPECT eof-not-closed evidence id=2 call=readv */
}

static void with_recv(int fd)
{
	/* EXPECT eof-not-closed evidence id=3 call=recv */
	expect(recv(fd, buffer, 16, MSG_DONTWAIT) == 0);
}

static void with_recvfrom(int fd)
{
	/* EXPECT eof-not-closed evidence id=4 call=recvfrom */
	expect(recvfrom(fd, buffer, 16, 0, NULL, NULL) == 0);
}

static void with_recvmsg(int fd)
{
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	/* EXPECT eof-not-closed evidence id=5 call=recvmsg */
	expect(recvmsg(fd, &message, 0) == 0);
}

static void with_recvmmsg(int fd)
{
	struct mmsghdr messages = { .msg_hdr = { .msg_iov = &vector, .msg_iovlen = 1 } };

	/* EXPECT eof-not-closed evidence id=6 call=recvmmsg */
	expect(recvmmsg(fd, &messages, 1, 0, NULL) == 1);
	expect(messages.msg_len == 0);
}

int main(void)
{
	static void (*const ways[])(int) = { with_read,	    with_readv,	  with_recv,
					     with_recvfrom, with_recvmsg, with_recvmmsg };
	int listener = stage_listen();

	for (int i = 0; i < 6; i++) {
		int client = peer_connect(stage_port(listener));
		/* EXPECT eof-not-closed opened id=1,2,3,4,5,6 */
		int fd = must(accept(listener, NULL, NULL));
		peer_finish(client);
		ways[i](fd);
	}
	stage_ready();
	return 0;
}
