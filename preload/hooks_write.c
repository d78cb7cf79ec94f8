/* SPDX-License-Identifier: MIT */
/* Everything that writes. */
#include "observe.h"
#include "real.h"
#include "track.h"

WATCHED(ssize_t, write, (int fd, const void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd, CALL_write);
	ssize_t n = REAL(write)(fd, buffer, size);
	track_write(fd, use, n, 0, CALL_write, HERE);
	return n;
}

WATCHED(ssize_t, __write, (int fd, const void *buffer, size_t size), (fd, buffer, size))
{
	struct use use = track_use(fd, CALL___write);
	ssize_t n = REAL(__write)(fd, buffer, size);
	track_write(fd, use, n, 0, CALL___write, HERE);
	return n;
}

WATCHED(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
{
	struct use use = track_use(fd, CALL_writev);
	ssize_t n = REAL(writev)(fd, parts, count);
	track_write(fd, use, n, 0, CALL_writev, HERE);
	return n;
}

/* An offset is refused for a socket, with ESPIPE; -1 makes the second ones writev(). */
#define PWRITEV(name, parameters, arguments)                                                       \
	WATCHED(ssize_t, name, parameters, arguments)                                              \
	{                                                                                          \
		struct use use = track_use(fd, CALL_##name);                                       \
		ssize_t n = REAL(name) arguments;                                                  \
		track_write(fd, use, n, 0, CALL_##name, HERE);                                     \
		return n;                                                                          \
	}
PWRITEV(pwritev, (int fd, const struct iovec *parts, int count, off_t offset),
	(fd, parts, count, offset))
PWRITEV(pwritev64, (int fd, const struct iovec *parts, int count, off64_t offset),
	(fd, parts, count, offset))
PWRITEV(pwritev2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
	(fd, parts, count, offset, flags))
PWRITEV(pwritev64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
	(fd, parts, count, offset, flags))

WATCHED(ssize_t, send, (int fd, const void *buffer, size_t size, int flags),
	(fd, buffer, size, flags))
{
	struct use use = track_use(fd, CALL_send);
	ssize_t n = REAL(send)(fd, buffer, size, flags);
	track_write(fd, use, n, flags, CALL_send, HERE);
	return n;
}

WATCHED(ssize_t, __send, (int fd, const void *buffer, size_t size, int flags),
	(fd, buffer, size, flags))
{
	struct use use = track_use(fd, CALL___send);
	ssize_t n = REAL(__send)(fd, buffer, size, flags);
	track_write(fd, use, n, flags, CALL___send, HERE);
	return n;
}

WATCHED(ssize_t, sendto,
	(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
	 socklen_t to_size),
	(fd, buffer, size, flags, to, to_size))
{
	struct use use = track_use(fd, CALL_sendto);
	ssize_t n = REAL(sendto)(fd, buffer, size, flags, to, to_size);
	track_write(fd, use, n, flags, CALL_sendto, HERE);
	return n;
}

WATCHED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
{
	struct use use = track_use(fd, CALL_sendmsg);
	ssize_t n = REAL(sendmsg)(fd, message, flags);
	track_write(fd, use, n, flags, CALL_sendmsg, HERE);
	return n;
}

WATCHED(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned room, int flags),
	(fd, messages, room, flags))
{
	struct use use = track_use(fd, CALL_sendmmsg);
	int count = REAL(sendmmsg)(fd, messages, room, flags);
	ssize_t size = count < 0 ? -1 : 0;
	for (int i = 0; i < count; i++)
		size += (ssize_t)messages[i].msg_len;
	track_write(fd, use, size, flags, CALL_sendmmsg, HERE);
	return count;
}

/* The names of sendfile's first argument differ from libc's, so that WATCHED asks about the socket.
 */
WATCHED(ssize_t, sendfile, (int fd, int from, off_t *offset, size_t size), (fd, from, offset, size))
{
	struct use use = track_use(fd, CALL_sendfile);
	ssize_t n = REAL(sendfile)(fd, from, offset, size);
	track_write(fd, use, n, 0, CALL_sendfile, HERE);
	return n;
}

WATCHED(ssize_t, sendfile64, (int fd, int from, off64_t *offset, size_t size),
	(fd, from, offset, size))
{
	struct use use = track_use(fd, CALL_sendfile64);
	ssize_t n = REAL(sendfile64)(fd, from, offset, size);
	track_write(fd, use, n, 0, CALL_sendfile64, HERE);
	return n;
}

static __attribute__((noinline)) ssize_t splice_watched(int from, off64_t *from_offset, int to,
							off64_t *to_offset, size_t size,
							unsigned flags)
{
	struct splicing splicing = track_splice(from, to, CALL_splice);
	ssize_t n = REAL(splice)(from, from_offset, to, to_offset, size, flags);
	track_spliced(&splicing, n, size, CALL_splice, HERE);
	return n;
}

EXPORT ssize_t splice(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size,
		      unsigned flags)
{
	if (!fdtable_is_socket(from) && !fdtable_is_socket(to))
		return REAL(splice)(from, from_offset, to, to_offset, size, flags);
	return splice_watched(from, from_offset, to, to_offset, size, flags);
}
