/* SPDX-License-Identifier: MIT */
/* How sockets come to be: socket, socketpair, bind, listen, accept. */
#include "observe.h"
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
 * The peer's address, where the program does not want it: asking in the same system call saves one
 * of our own, and after a reset the kernel no longer knows.
 */
struct peer {
	struct sockaddr_storage address;
	socklen_t size;
};

#define PEER_ASKED(listener, address, size, peer)                                                  \
	if (!address && !size && track_may_ask_peer(listener)) {                                   \
		address = (struct sockaddr *)&peer.address;                                        \
		peer.size = sizeof peer.address;                                                   \
		size = &peer.size;                                                                 \
	}

/* Only our own buffer is read: what fitted into the program's, the size does not say. */
static void told_accept(int listener, int fd, const struct sockaddr *address, const socklen_t *size,
			int flags, const struct peer *peer, enum call call, void *frame)
{
	bool ours = address == (const struct sockaddr *)&peer->address;

	track_accept(listener, fd, ours ? address : NULL, ours ? *size : 0, flags, call, frame);
}

EXPORT int accept(int listener, struct sockaddr *address, socklen_t *size)
{
	struct peer peer;

	PEER_ASKED(listener, address, size, peer);
	int fd = REAL(accept)(listener, address, size);
	if (fd >= 0)
		OBSERVE(told_accept(listener, fd, address, size, 0, &peer, CALL_accept, HERE));
	else
		track_not_made(CALL_accept, HERE);
	return fd;
}

EXPORT int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	struct peer peer;

	PEER_ASKED(listener, address, size, peer);
	int fd = REAL(accept4)(listener, address, size, flags);
	if (fd >= 0)
		OBSERVE(told_accept(listener, fd, address, size, flags, &peer, CALL_accept4, HERE));
	else
		track_not_made(CALL_accept4, HERE);
	return fd;
}
