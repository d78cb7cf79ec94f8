/* SPDX-License-Identifier: MIT */
/* Everything that reads: data, the peer's EOF, an error that ends the connection. */
#include "observe.h"
#include "real.h"
#include "track.h"

/* It brought no data: 0, or an error. */
static __attribute__((noinline)) ssize_t came_to_nothing(const struct ledger_slot *slot,
							 uint32_t life, ssize_t n, size_t size,
							 enum call call)
{
	int fd = fdtable_number(slot);

	if (fd >= 0)
		track_read_rest(fd, life, n, size, 0, call, HERE);
	return n;
}

/* `keep` declares what `asked`, the bytes asked for, is told from, where n is 0. */
#define READS_(name, parameters, arguments, flags, keep, asked)                                    \
	MOVES_DATA(name, parameters, arguments, !((flags) & (MSG_PEEK | MSG_ERRQUEUE)), keep,      \
		   track_data_in, came_to_nothing(slot, life, n, asked, CALL_##name))              \
	{                                                                                          \
		struct use use = track_use(fd, CALL_##name);                                       \
		keep;                                                                              \
		ssize_t n = REAL(name) arguments;                                                  \
		track_read(fd, use, n, asked, flags, CALL_##name, HERE);                           \
		return n;                                                                          \
	}
#define READS(name, parameters, arguments, flags)                                                  \
	READS_(name, parameters, arguments, flags, volatile size_t asked = size, asked)
READS(read, (int fd, void *buffer, size_t size), (fd, buffer, size), 0)
READS(__read, (int fd, void *buffer, size_t size), (fd, buffer, size), 0)
READS(__read_chk, (int fd, void *buffer, size_t size, size_t room), (fd, buffer, size, room), 0)
READS(recv, (int fd, void *buffer, size_t size, int flags), (fd, buffer, size, flags), flags)
READS(__recv_chk, (int fd, void *buffer, size_t size, size_t room, int flags),
      (fd, buffer, size, room, flags), flags)
READS(recvfrom,
      (int fd, void *buffer, size_t size, int flags, struct sockaddr *from, socklen_t *from_size),
      (fd, buffer, size, flags, from, from_size), flags)
READS(__recvfrom_chk,
      (int fd, void *buffer, size_t size, size_t room, int flags, struct sockaddr *from,
       socklen_t *from_size),
      (fd, buffer, size, room, flags, from, from_size), flags)

/* An offset is refused for a socket, with ESPIPE; -1 makes the second ones readv(). */
#define READS_PARTS(name, parameters, arguments)                                                   \
	READS_(name, parameters, arguments, 0, (void)0,                                            \
	       n == 0 ? track_parts_size(parts, (size_t)count) : 1)
READS_PARTS(readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))
READS_PARTS(preadv, (int fd, const struct iovec *parts, int count, off_t offset),
	    (fd, parts, count, offset))
READS_PARTS(preadv64, (int fd, const struct iovec *parts, int count, off64_t offset),
	    (fd, parts, count, offset))
READS_PARTS(preadv2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
	    (fd, parts, count, offset, flags))
READS_PARTS(preadv64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
	    (fd, parts, count, offset, flags))

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
