/* SPDX-License-Identifier: MIT */
/* Everything that reads: data, the peer's EOF, an error that ends the connection. */
#include "observe.h"
#include "real.h"
#include "track.h"

static size_t parts_size(const struct iovec *parts, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	return size;
}

WATCHED(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(read)(fd, buffer, size);
	track_read(fd, use, n, size, 0, CALL_read, HERE);
	return n;
}

WATCHED(ssize_t, __read, (int fd, void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(__read)(fd, buffer, size);
	track_read(fd, use, n, size, 0, CALL___read, HERE);
	return n;
}

WATCHED(ssize_t, __read_chk, (int fd, void *buffer, size_t size, size_t room),
	(fd, buffer, size, room))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(__read_chk)(fd, buffer, size, room);
	track_read(fd, use, n, size, 0, CALL___read_chk, HERE);
	return n;
}

WATCHED(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(readv)(fd, parts, count);
	track_read(fd, use, n, n == 0 ? parts_size(parts, (size_t)count) : 1, 0, CALL_readv, HERE);
	return n;
}

WATCHED(ssize_t, recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(recv)(fd, buffer, size, flags);
	track_read(fd, use, n, size, flags, CALL_recv, HERE);
	return n;
}

WATCHED(ssize_t, __recv_chk, (int fd, void *buffer, size_t size, size_t room, int flags),
	(fd, buffer, size, room, flags))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(__recv_chk)(fd, buffer, size, room, flags);
	track_read(fd, use, n, size, flags, CALL___recv_chk, HERE);
	return n;
}

WATCHED(ssize_t, recvfrom,
	(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *from_size),
	(fd, buffer, size, flags, from, from_size))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(recvfrom)(fd, buffer, size, flags, from, from_size);
	track_read(fd, use, n, size, flags, CALL_recvfrom, HERE);
	return n;
}

WATCHED(ssize_t, __recvfrom_chk,
	(int fd, void *buffer, size_t size, size_t room, int flags, struct sockaddr *from,
	 socklen_t *from_size),
	(fd, buffer, size, room, flags, from, from_size))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(__recvfrom_chk)(fd, buffer, size, room, flags, from, from_size);
	track_read(fd, use, n, size, flags, CALL___recvfrom_chk, HERE);
	return n;
}

WATCHED(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
{
	struct use use = track_use(fd);
	ssize_t n = REAL(recvmsg)(fd, message, flags);
	track_read(fd, use, n, n == 0 ? parts_size(message->msg_iov, message->msg_iovlen) : 1,
		   flags, CALL_recvmsg, HERE);
	if (n >= 0 && message->msg_controllen)
		OBSERVE(track_received(message, flags & MSG_CMSG_CLOEXEC, CALL_recvmsg, HERE));
	return n;
}

/* Several messages in one call: what came is data, and a last one of length 0 is the EOF of a
 * stream. */
static void told_messages(int fd, struct use use, struct mmsghdr *messages, int count, int flags,
			  void *frame)
{
	ssize_t size = 0;

	for (int i = 0; i < count; i++) {
		size += messages[i].msg_len;
		if (messages[i].msg_hdr.msg_controllen)
			track_received(&messages[i].msg_hdr, flags & MSG_CMSG_CLOEXEC,
				       CALL_recvmmsg, frame);
	}
	if (size)
		track_read(fd, use, size, 1, flags, CALL_recvmmsg, frame);
	if (count > 0 && !messages[count - 1].msg_len) {
		const struct msghdr *last = &messages[count - 1].msg_hdr;

		track_read(fd, use, 0, parts_size(last->msg_iov, last->msg_iovlen), flags,
			   CALL_recvmmsg, frame);
	}
}

WATCHED(int, recvmmsg,
	(int fd, struct mmsghdr *messages, unsigned room, int flags, struct timespec *timeout),
	(fd, messages, room, flags, timeout))
{
	struct use use = track_use(fd);
	int count = REAL(recvmmsg)(fd, messages, room, flags, timeout);
	if (count < 0)
		track_read(fd, use, count, 1, flags, CALL_recvmmsg, HERE);
	else
		OBSERVE(told_messages(fd, use, messages, count, flags, HERE));
	return count;
}
