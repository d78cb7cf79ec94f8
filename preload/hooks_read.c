/* SPDX-License-Identifier: MIT */
/* Everything that reads: data, the peer's EOF, an error that ends the connection. */
#include "observe.h"
#include "real.h"
#include "track.h"

WATCHED(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd, CALL_read);
	ssize_t n = REAL(read)(fd, buffer, size);
	track_read(fd, use, n, size, 0, CALL_read, HERE);
	return n;
}

WATCHED(ssize_t, __read, (int fd, void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd, CALL___read);
	ssize_t n = REAL(__read)(fd, buffer, size);
	track_read(fd, use, n, size, 0, CALL___read, HERE);
	return n;
}

WATCHED(ssize_t, __read_chk, (int fd, void *buffer, size_t size, size_t room),
	(fd, buffer, size, room))
{
	struct use use = track_use(fd, CALL___read_chk);
	ssize_t n = REAL(__read_chk)(fd, buffer, size, room);
	track_read(fd, use, n, size, 0, CALL___read_chk, HERE);
	return n;
}

WATCHED(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))
{
	struct use use = track_use(fd, CALL_readv);
	ssize_t n = REAL(readv)(fd, parts, count);
	track_read(fd, use, n, n == 0 ? track_parts_size(parts, (size_t)count) : 1, 0, CALL_readv,
		   HERE);
	return n;
}

/* An offset is refused for a socket, with ESPIPE; -1 makes the second ones readv(). */
#define PREADV(name, parameters, arguments)                                                        \
	WATCHED(ssize_t, name, parameters, arguments)                                              \
	{                                                                                          \
		struct use use = track_use(fd, CALL_##name);                                       \
		ssize_t n = REAL(name) arguments;                                                  \
		track_read(fd, use, n, n == 0 ? track_parts_size(parts, (size_t)count) : 1, 0,     \
			   CALL_##name, HERE);                                                     \
		return n;                                                                          \
	}
PREADV(preadv, (int fd, const struct iovec *parts, int count, off_t offset),
       (fd, parts, count, offset))
PREADV(preadv64, (int fd, const struct iovec *parts, int count, off64_t offset),
       (fd, parts, count, offset))
PREADV(preadv2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
       (fd, parts, count, offset, flags))
PREADV(preadv64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
       (fd, parts, count, offset, flags))

WATCHED(ssize_t, recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags))
{
	struct use use = track_use(fd, CALL_recv);
	ssize_t n = REAL(recv)(fd, buffer, size, flags);
	track_read(fd, use, n, size, flags, CALL_recv, HERE);
	return n;
}

WATCHED(ssize_t, __recv_chk, (int fd, void *buffer, size_t size, size_t room, int flags),
	(fd, buffer, size, room, flags))
{
	struct use use = track_use(fd, CALL___recv_chk);
	ssize_t n = REAL(__recv_chk)(fd, buffer, size, room, flags);
	track_read(fd, use, n, size, flags, CALL___recv_chk, HERE);
	return n;
}

WATCHED(ssize_t, recvfrom,
	(int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *from_size),
	(fd, buffer, size, flags, from, from_size))
{
	struct use use = track_use(fd, CALL_recvfrom);
	ssize_t n = REAL(recvfrom)(fd, buffer, size, flags, from, from_size);
	track_read(fd, use, n, size, flags, CALL_recvfrom, HERE);
	return n;
}

WATCHED(ssize_t, __recvfrom_chk,
	(int fd, void *buffer, size_t size, size_t room, int flags, struct sockaddr *from,
	 socklen_t *from_size),
	(fd, buffer, size, room, flags, from, from_size))
{
	struct use use = track_use(fd, CALL___recvfrom_chk);
	ssize_t n = REAL(__recvfrom_chk)(fd, buffer, size, room, flags, from, from_size);
	track_read(fd, use, n, size, flags, CALL___recvfrom_chk, HERE);
	return n;
}

WATCHED(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
{
	struct use use = track_use(fd, CALL_recvmsg);
	ssize_t n = REAL(recvmsg)(fd, message, flags);
	if (n >= 0 && message->msg_controllen)
		OBSERVE(track_message(fd, use, message, n, flags, CALL_recvmsg, HERE));
	else
		track_read(fd, use, n,
			   n == 0 ? track_parts_size(message->msg_iov, message->msg_iovlen) : 1,
			   flags, CALL_recvmsg, HERE);
	return n;
}

WATCHED(int, recvmmsg,
	(int fd, struct mmsghdr *messages, unsigned room, int flags, struct timespec *timeout),
	(fd, messages, room, flags, timeout))
{
	struct use use = track_use(fd, CALL_recvmmsg);
	int count = REAL(recvmmsg)(fd, messages, room, flags, timeout);
	if (count < 0)
		track_read(fd, use, count, 1, flags, CALL_recvmmsg, HERE);
	else
		OBSERVE(track_messages(fd, use, messages, count, flags, CALL_recvmmsg, HERE));
	return count;
}
