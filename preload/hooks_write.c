/* SPDX-License-Identifier: MIT */
/* Everything that writes. */
#include "observe.h"
#include "real.h"
#include "track.h"

/* It moved no data: 0, or an error. */
static __attribute__((noinline)) ssize_t came_to_nothing(const struct ledger_slot *slot,
							 uint32_t life, ssize_t n, enum call call)
{
	int fd = fdtable_number(slot);

	if (fd >= 0)
		track_write_rest(fd, life, n, 0, call, HERE);
	return n;
}

#define WRITES(name, parameters, arguments, flags)                                                 \
	MOVES_DATA(name, parameters, arguments, !((flags)&MSG_FASTOPEN), (void)0, track_data_out,  \
		   came_to_nothing(slot, life, n, CALL_##name))                                    \
	{                                                                                          \
		struct use use = track_use(fd, CALL_##name);                                       \
		ssize_t n = REAL(name) arguments;                                                  \
		track_write(fd, use, n, flags, CALL_##name, HERE);                                 \
		return n;                                                                          \
	}
WRITES(write, (int fd, const void *buffer, size_t size), (fd, buffer, size), 0)
WRITES(__write, (int fd, const void *buffer, size_t size), (fd, buffer, size), 0)
WRITES(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), 0)
/* An offset is refused for a socket, with ESPIPE; -1 makes the second ones writev(). */
WRITES(pwritev, (int fd, const struct iovec *parts, int count, off_t offset),
       (fd, parts, count, offset), 0)
WRITES(pwritev64, (int fd, const struct iovec *parts, int count, off64_t offset),
       (fd, parts, count, offset), 0)
WRITES(pwritev2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
       (fd, parts, count, offset, flags), 0)
WRITES(pwritev64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
       (fd, parts, count, offset, flags), 0)
WRITES(send, (int fd, const void *buffer, size_t size, int flags), (fd, buffer, size, flags), flags)
WRITES(__send, (int fd, const void *buffer, size_t size, int flags), (fd, buffer, size, flags),
       flags)
WRITES(sendto,
       (int fd, const void *buffer, size_t size, int flags, const struct sockaddr *to,
	socklen_t to_size),
       (fd, buffer, size, flags, to, to_size), flags)
WRITES(sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), flags)
/* The names of sendfile's first argument differ from libc's, so that the socket is asked about. */
WRITES(sendfile, (int fd, int from, off_t *offset, size_t size), (fd, from, offset, size), 0)
WRITES(sendfile64, (int fd, int from, off64_t *offset, size_t size), (fd, from, offset, size), 0)

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
