/* SPDX-License-Identifier: MIT */
/*
 * passing: a process sends sockets to itself by SCM_RIGHTS, as thread pools do, and closes the
 * original first, the copy first, or both after a dup; one original is closed while the socket is
 * under way. Opened and closed must agree.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ways[2];
static unsigned opened, closed;

static void send_fd(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	char byte = 'p';
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };

	control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					   .cmsg_level = SOL_SOCKET,
					   .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	printf("sent %zd\n", sendmsg(ways[0], &message, 0));
}

static int receive_fd(void)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = "" };
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof control };
	int fd = -1;

	printf("received %zd\n", recvmsg(ways[1], &message, 0));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "original";

	socketpair(AF_UNIX, SOCK_DGRAM, 0, ways);
	opened = 2;
	for (int i = 0; i < 5; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0),
		    copy = !strcmp(first, "dup") ? dup(fd) : -1;

		opened++;
		send_fd(fd);
		if (!strcmp(first, "underway"))
			close(fd);
		int got = receive_fd();
		if (!strcmp(first, "original"))
			close(fd);
		close(got);
		if (!strcmp(first, "copy") || !strcmp(first, "dup"))
			close(fd);
		if (copy >= 0)
			close(copy);
		closed++;
	}
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
