/* SPDX-License-Identifier: MIT */
/* Birth and connection. */
#include "track.h"
#include "address.h"
#include "ending.h"
#include "interest.h"
#include "process.h"
#include "sys.h"
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* Of a listener, these are its connections' too. */
#define SOCKET_OPTIONS (SOCKET_LINGER_0 | SOCKET_NOT_TCP | SOCKET_ASK)

void track_flags(struct ledger_slot *slot, uint32_t set, uint32_t clear)
{
	if (clear)
		__atomic_fetch_and(&slot->flags, ~clear, __ATOMIC_RELAXED);
	if (set)
		__atomic_fetch_or(&slot->flags, set, __ATOMIC_RELAXED);
}

static uint64_t option64(int fd, int option)
{
	uint64_t value = 0;
	unsigned size = sizeof value;

	return !process_is_filtered() && sys_getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0
		       ? value
		       : 0;
}

int track_option(int fd, int option)
{
	int value = -1;
	unsigned size = sizeof value;

	return !process_is_filtered() && sys_getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0
		       ? value
		       : -1;
}

/* What the kernel knows and every life needs. False: it is no socket. */
static bool identity_ask(int fd, struct ledger_slot *slot)
{
	if (process_is_filtered()) {
		ledger_file_lost(LOST_SECCOMP);
		return true;
	}
	unsigned size = sizeof slot->cookie;
	int failed = sys_getsockopt(fd, SOL_SOCKET, SO_COOKIE, &slot->cookie, &size);
	if (failed == -ENOTSOCK || failed == -EBADF)
		return false;
	if (failed)
		ledger_file_lost(LOST_COOKIES);
	/* One that an MPTCP listener accepted has its listener's. */
	if (slot->origin >= ORIGIN_INHERITED && track_option(fd, SO_PROTOCOL) == IPPROTO_MPTCP)
		slot->cookie = 0;
	ending_known(slot->cookie);
	struct ledger_header *header = ledger->header;
	if (!header)
		return true;
	if (!header->net_ns_cookie)
		header->net_ns_cookie = option64(fd, SO_NETNS_COOKIE);
	else if (process_many_net_ns || slot->origin >= ORIGIN_INHERITED) {
		uint64_t cookie = option64(fd, SO_NETNS_COOKIE);

		slot->net_ns = cookie == header->net_ns_cookie ? 0 : (uint32_t)cookie;
	}
	return true;
}

struct ledger_slot *track_birth(int fd, enum ledger_origin origin, int family, int type,
				enum call call, stack_id stack, uint32_t *begun)
{
	struct ledger_slot *slot = fdtable_begin(fd, begun);

	if (!slot)
		return NULL;
	track_ask_put_off();
	interest_end(fd); /* an epoll went behind our back, or by a range */
	slot->origin = (uint8_t)origin;
	slot->family = (uint16_t)family;
	slot->type = (uint8_t)(type & 0xf);
	slot->flags = (type & SOCK_CLOEXEC ? SOCKET_CLOEXEC : 0) |
		      (origin >= ORIGIN_INHERITED ? SOCKET_FOREIGN : 0);
	slot->opened_at = cycles_now();
	slot->opened_call = (uint8_t)call;
	slot->opened_stack = stack;
	slot->thread = thread_number(slot->opened_at);
	if (!identity_ask(fd, slot)) {
		/* Another thread closed the number before we could ask. */
		fdtable_publish(fd, slot, *begun);
		fdtable_finish(fd, (*begun & ~7u) | PHASE_OPEN, DRIFT_CLOSED);
		fdtable_watch[fd] = WATCH_NOT;
		return NULL;
	}
	return slot;
}

void track_open(int fd, int family, int type, enum call call, void *frame)
{
	if (!process_ready_to_open())
		return;
	uint32_t begun;
	struct ledger_slot *slot =
		track_birth(fd, ORIGIN_SOCKET, family, type, call, stacks_capture(frame), &begun);
	if (!slot)
		return;
	fdtable_publish(fd, slot, begun);
	fdtable_note_opening(slot->opened_at);
}

void track_pair(const int fds[2], int family, int type, enum call call, void *frame)
{
	if (!process_ready_to_open())
		return;
	stack_id stack = stacks_capture(frame);
	fdtable_note_opening(cycles_now());
	for (int i = 0; i < 2; i++) {
		uint32_t begun;
		struct ledger_slot *slot =
			track_birth(fds[i], ORIGIN_PAIR, family, type, call, stack, &begun);

		if (slot) {
			slot->flags |= SOCKET_CONNECTED;
			fdtable_publish(fds[i], slot, begun);
		}
	}
}

bool track_may_ask_peer(int listener)
{
	const struct ledger_slot *slot =
		fdtable_is_socket(listener) ? fdtable_slot(listener) : NULL;

	return slot && (slot->family == AF_INET || slot->family == AF_INET6);
}

/* The listener's last accept(), for the day when there is none any more. Of two threads the later
 * tells. */
static void track_accepted(struct ledger_slot *listener, const struct ledger_slot *accepted,
			   enum call call)
{
	listener->last_receive = accepted->opened_at;
	listener->last_receive_call = (uint8_t)call;
	listener->thread = accepted->thread;
	fdtable_aside(listener, accepted->opened_stack);
}

void track_accept(int listener, int fd, const struct sockaddr *address, socklen_t size, int flags,
		  enum call call, void *frame)
{
	if (!process_ready_to_open())
		return;
	struct ledger_slot *from = track_slot(listener, call);
	int family = from ? from->family : track_option(fd, SO_DOMAIN);
	int type = from ? from->type : track_option(fd, SO_TYPE);
	uint32_t begun;
	struct ledger_slot *slot =
		track_birth(fd, ORIGIN_ACCEPT, family, (type & 0xf) | (flags & SOCK_CLOEXEC), call,
			    stacks_capture(frame), &begun);
	if (!slot)
		return;
	slot->flags |= SOCKET_CONNECTED | (from ? from->flags & SOCKET_OPTIONS : SOCKET_ASK);
	/* The kernel names MPTCP connections as their listener: no name at all tells them apart. */
	if (from && slot->cookie == from->cookie)
		slot->cookie = 0;
	if (address && size && address->sa_family == family)
		address_keep(&slot->peer, address, size);
	else if (family == AF_INET || family == AF_INET6)
		address_ask(fd, &slot->peer, sys_getpeername);
	if (from && (family == AF_UNIX || address_is_specific(&from->local)))
		slot->local = from->local;
	else
		address_ask(fd, &slot->local, sys_getsockname);
	if (from)
		track_accepted(from, slot, call);
	fdtable_publish(fd, slot, begun);
	fdtable_note_opening(slot->opened_at);
}

void track_bound(int fd, const struct sockaddr *address, socklen_t size)
{
	struct ledger_slot *slot = track_slot(fd, CALL_bind);

	if (!slot)
		return;
	address_keep(&slot->local, address, size);
	if (slot->family != AF_UNIX && slot->local.known && !slot->local.port)
		address_ask(fd, &slot->local, sys_getsockname); /* port 0 has become one */
}

void track_listening(int fd)
{
	struct ledger_slot *slot = track_slot(fd, CALL_listen);

	if (!slot)
		return;
	track_flags(slot, SOCKET_LISTENING, 0);
	if (slot->family != AF_UNIX)
		address_ask(fd, &slot->local, sys_getsockname); /* port 0 has become one */
}

void track_connect_failed(struct ledger_slot *slot, int error, enum call call, void *frame)
{
	slot->connect_errno = (int16_t)error;
	slot->connect_call = (uint8_t)call;
	slot->connect_stack = stacks_capture(frame);
	slot->connect_at = cycles_now();
	track_flags(slot, SOCKET_CONNECT_FAILED, SOCKET_CONNECTING | SOCKET_CONNECTED);
}

/* connect(AF_UNSPEC): the socket is as good as new. */
static void dissolve(struct ledger_slot *slot)
{
	memset(&slot->eof_at, 0,
	       offsetof(struct ledger_slot, local) - offsetof(struct ledger_slot, eof_at));
	slot->peer.known = 0;
	slot->eof_reads = 0;
	slot->received = slot->sent = 0;
	slot->direction = DIRECTION_NONE;
	slot->connect_at = 0;
	slot->shut_end = END_NOT;
	track_flags(slot, 0,
		    SOCKET_CONNECTED | SOCKET_CONNECTING | SOCKET_CONNECT_FAILED |
			    SOCKET_SHUT_READ | SOCKET_SHUT_WRITE);
}

void track_connect(int fd, struct use use, int error, const struct sockaddr *address,
		   socklen_t size, enum call call, void *frame)
{
	struct ledger_slot *slot = track_used(use);

	if (use.life == USE_STALE)
		track_stale(fd, error, call, frame);
	/* Sizes beyond any address are refused before the kernel looks at the pointer, and so do
	 * we. */
	if (!slot || !address || size < sizeof address->sa_family ||
	    size > sizeof(struct sockaddr_storage))
		return;
	switch (error) {
	case EBADF:
	case ENOTSOCK:
	case EFAULT:
	case EAGAIN: /* a full backlog of an AF_UNIX listener: nothing has begun */
		return;
	case EISCONN:
		if (slot->flags & (SOCKET_CONNECTING | SOCKET_CONNECT_FAILED))
			track_flags(slot, SOCKET_CONNECTED,
				    SOCKET_CONNECTING | SOCKET_CONNECT_FAILED);
		return;
	case EALREADY:
		return;
	}
	if (address->sa_family == AF_UNSPEC && slot->family != AF_UNIX) {
		if (!error)
			dissolve(slot);
		return;
	}
	address_keep(&slot->peer, address, size);
	if (slot->type != SOCK_STREAM && slot->type != SOCK_SEQPACKET) {
		/* A datagram socket has no connection that could fail: the next connect() names
		 * another peer. */
		if (!error)
			track_flags(slot, SOCKET_CONNECTED | SOCKET_CONNECTOR, 0);
		return;
	}
	track_flags(slot, SOCKET_CONNECTOR, 0);
	if (error && error != EINPROGRESS && error != EINTR) {
		track_connect_failed(slot, error, call, frame);
		return;
	}
	slot->connect_errno = 0;
	slot->connect_call = (uint8_t)call;
	slot->connect_stack = stacks_capture(frame);
	slot->connect_at = cycles_now();
	if (error)
		track_flags(slot, SOCKET_CONNECTING, SOCKET_CONNECT_FAILED);
	else
		track_flags(slot, SOCKET_CONNECTED, SOCKET_CONNECTING | SOCKET_CONNECT_FAILED);
	/* Which connection it was, when the kernel has forgotten it: by this the ledger of the
	 * other end finds it. */
	if (slot->family != AF_UNIX)
		address_ask(fd, &slot->local, sys_getsockname);
}

void track_told_error(int fd, int so_error, enum call call, void *frame)
{
	struct ledger_slot *slot = track_slot(fd, call);

	if (!slot || slot->type != SOCK_STREAM)
		return;
	if (so_error) {
		if (slot->flags & SOCKET_CONNECTING)
			track_connect_failed(slot, so_error, call, frame);
		else if (so_error != EHOSTUNREACH && so_error != ENETUNREACH &&
			 so_error != EHOSTDOWN)
			/* Those are told of a connection that lives, too: a route that was away for
			 * a moment. */
			track_error(fd, slot, (struct news){ cycles_now(), 0, call }, so_error,
				    frame);
		return;
	}
	/* No error is no proof: the connection may still be under way. */
	struct sockaddr_storage peer;
	unsigned size = sizeof peer;
	if ((slot->flags & SOCKET_CONNECTING) &&
	    (process_is_filtered() || sys_getpeername(fd, &peer, &size) == 0))
		track_flags(slot, SOCKET_CONNECTED, SOCKET_CONNECTING | SOCKET_CONNECT_FAILED);
}

void track_shutdown(int fd, struct use use, int how, enum ledger_end end, int error, enum call call,
		    void *frame)
{
	struct ledger_slot *slot = track_used(use);

	if (use.life == USE_STALE)
		track_stale(fd, error, call, frame);
	if (!slot || error || slot->type != SOCK_STREAM)
		return;
	if (end && !slot->shut_end)
		slot->shut_end = (uint8_t)end;
	track_ask(fd, slot);
	track_flags(slot,
		    (how != SHUT_WR ? SOCKET_SHUT_READ : 0) |
			    (how != SHUT_RD ? SOCKET_SHUT_WRITE : 0),
		    0);
	if (slot->shutdown_at || ~slot->flags & (SOCKET_SHUT_READ | SOCKET_SHUT_WRITE))
		return;
	slot->shutdown_call = (uint8_t)call;
	slot->shutdown_stack = stacks_capture(frame);
	track_identify(fd, slot);
	__atomic_store_n(&slot->shutdown_at, cycles_now(), __ATOMIC_RELEASE);
}

void track_ignore(int fd)
{
	struct ledger_slot *slot = track_slot(fd, CALL_none);

	if (slot)
		track_flags(slot, SOCKET_IGNORED, 0);
}

void track_option_set(int fd, int option, const void *value, socklen_t size)
{
	struct ledger_slot *slot = fdtable_slot(fd);

	if (!slot || !process_is_ours())
		return;
	if (option == SO_LINGER && size >= sizeof(struct linger)) {
		const struct linger *linger = value;
		bool resets = linger->l_onoff && !linger->l_linger;

		track_flags(slot, resets ? SOCKET_LINGER_0 : 0, resets ? 0 : SOCKET_LINGER_0);
	} else if (option == SO_RCVLOWAT) {
		track_flags(slot, SOCKET_ASK, 0); /* poll() tells less of what is unread */
	}
}

void track_protocol(int fd, int protocol)
{
	struct ledger_slot *slot = fdtable_is_socket(fd) ? fdtable_slot(fd) : NULL;

	if (slot && protocol != IPPROTO_TCP)
		track_flags(slot, SOCKET_NOT_TCP, 0);
}

void track_stdio(int fd)
{
	struct ledger_slot *slot = track_slot(fd, CALL_fdopen);

	if (slot)
		track_flags(slot, SOCKET_STDIO, 0);
}

void track_cloexec(int fd, bool cloexec)
{
	struct ledger_slot *slot = fdtable_is_socket(fd) ? fdtable_slot(fd) : NULL;

	if (slot && process_is_ours())
		track_flags(slot, cloexec ? SOCKET_CLOEXEC : 0, cloexec ? 0 : SOCKET_CLOEXEC);
}
