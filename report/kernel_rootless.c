/* SPDX-License-Identifier: MIT */
/*
 * A sock_diag socket of a network namespace that belongs to a user namespace of ours: a rootless
 * container. Its owner may enter it, but only by the user namespace first, and only as a process of
 * one thread. So a child goes there, opens the socket, hands it over and ends.
 */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room for one descriptor in a message, aligned as its header wants it. */
union carriage {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void message_lay(struct msghdr *message, struct iovec *part, int *error,
			union carriage *carriage)
{
	*part = (struct iovec){ error, sizeof(*error) };
	memset(carriage, 0, sizeof(*carriage));
	*message = (struct msghdr){ .msg_iov = part,
				    .msg_iovlen = 1,
				    .msg_control = carriage,
				    .msg_controllen = sizeof(*carriage) };
}

/* Sends the socket, or why there is none. */
static void hand_over(int to, int netlink, int error)
{
	struct msghdr message;
	struct iovec part;
	union carriage carriage;

	message_lay(&message, &part, &error, &carriage);
	if (netlink < 0) {
		message.msg_control = NULL;
		message.msg_controllen = 0;
	} else {
		carriage.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						    .cmsg_level = SOL_SOCKET,
						    .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&carriage.header), &netlink, sizeof(netlink));
	}
	if (sendmsg(to, &message, MSG_NOSIGNAL) < 0)
		_exit(1);
}

/* The descriptor that came, or -errno. */
static int take_over(int from)
{
	struct msghdr message;
	struct iovec part;
	union carriage carriage;
	int error = 0, netlink = -1;

	message_lay(&message, &part, &error, &carriage);
	ssize_t n = recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	if (n != sizeof(error))
		return -EIO;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(netlink)))
		memcpy(&netlink, CMSG_DATA(header), sizeof(netlink));
	return netlink < 0 ? -(error ? error : EIO) : netlink;
}

/* In the child: nothing but system calls, for other threads may have held any lock. */
static void visit(int to, int user_ns, int net_ns)
{
	int netlink = -1;

	if (!setns(user_ns, CLONE_NEWUSER) && !setns(net_ns, CLONE_NEWNET))
		netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	hand_over(to, netlink, netlink < 0 ? errno : 0);
	_exit(0);
}

int kernel_rootless_dump(struct arena *arena, uint32_t pid, int net_ns,
			 struct kernel_census *census)
{
	char path[64];
	int pair[2], netlink = -EIO;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/ns/user", pid);
	int user_ns = open(path, O_RDONLY | O_CLOEXEC);
	if (user_ns < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		int error = -errno;
		close(user_ns);
		return error;
	}
	pid_t child = fork();
	if (!child)
		visit(pair[1], user_ns, net_ns);
	close(pair[1]);
	close(user_ns);
	if (child > 0) {
		netlink = take_over(pair[0]);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	return netlink < 0 ? netlink : kernel_diag_dump_on(arena, census, netlink);
}
