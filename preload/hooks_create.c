/* SPDX-License-Identifier: MIT */
/* How sockets come to be: socket, socketpair, bind, listen, accept. */
#include "observe.h"
#include "process.h"
#include "real.h"
#include "track.h"

EXPORT int socket(int family, int type, int protocol)
{
	int fd = REAL(socket)(family, type, protocol);
	if (fd >= 0)
		OBSERVE(track_open(fd, family, type, CALL_socket, HERE);
			if (protocol) track_protocol(fd, protocol));
	else
		track_not_made(CALL_socket, HERE);
	return fd;
}

EXPORT int socketpair(int family, int type, int protocol, int fds[2])
{
	int result = REAL(socketpair)(family, type, protocol, fds);
	if (result == 0)
		OBSERVE(track_pair(fds, family, type, CALL_socketpair, HERE));
	else
		track_not_made(CALL_socketpair, HERE);
	return result;
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	int result = REAL(bind)(fd, address, size);
	if (result == 0)
		OBSERVE(track_bound(fd, address, size));
	return result;
}

EXPORT int listen(int fd, int backlog)
{
	int result = REAL(listen)(fd, backlog);
	if (result == 0)
		OBSERVE(track_listening(fd));
	return result;
}

/*
 * The peer's address comes with the connection; asking for it would be one more system call, and
 * after a reset the kernel no longer knows. Where the program does not want it, it is told to us.
 * Where it does, its buffer is read, if nobody else can have written there since: one on the stack
 * of the caller, or any of a process of one thread. The size that it has room for is read before
 * the call, and so only on the page of the hook's own frame, which is sure to be there.
 */
struct peer {
	struct sockaddr_storage address;
	socklen_t size, room; /* 0: nobody knows how much fits */
};

#define PAGE 4096u /* or larger */
#define NEAR 4096u

static inline bool is_there(const socklen_t *place, const void *frame)
{
	return ((uintptr_t)place ^ (uintptr_t)frame) < PAGE &&
	       (uintptr_t)place % sizeof *place == 0;
}

static inline bool is_near(const void *place, const void *frame)
{
	return (uintptr_t)place - (uintptr_t)frame < NEAR;
}

static void told_accept(int listener, int fd, const struct sockaddr *address, const socklen_t *size,
			int flags, const struct peer *peer, enum call call, void *frame)
{
	bool ours = address == (const struct sockaddr *)&peer->address,
	     known = address && peer->room && *size >= sizeof address->sa_family &&
		     *size <= peer->room &&
		     (ours || is_near(address, frame) || process_is_single());

	/* Of an AF_UNIX peer, the name is not kept. */
	known = known && address->sa_family != AF_UNIX;
	track_accept(listener, fd, known ? address : NULL, known ? *size : 0, flags, call, frame);
}

#define ACCEPT(name, parameters, arguments, flags)                                                 \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		struct peer peer;                                                                  \
                                                                                                   \
		peer.room = is_there(size, HERE) ? *size : 0;                                      \
		if (!address && !size && track_may_ask_peer(listener)) {                           \
			address = (struct sockaddr *)&peer.address;                                \
			peer.size = peer.room = sizeof peer.address;                               \
			size = &peer.size;                                                         \
		}                                                                                  \
		int fd = REAL(name) arguments;                                                     \
		if (fd >= 0)                                                                       \
			OBSERVE(told_accept(listener, fd, address, size, flags, &peer,             \
					    CALL_##name, HERE));                                   \
		else                                                                               \
			track_not_made(CALL_##name, HERE);                                         \
		return fd;                                                                         \
	}
ACCEPT(accept, (int listener, struct sockaddr *address, socklen_t *size), (listener, address, size),
       0)
ACCEPT(accept4, (int listener, struct sockaddr *address, socklen_t *size, int flags),
       (listener, address, size, flags), flags)
