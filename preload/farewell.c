/* SPDX-License-Identifier: MIT */
#include "farewell.h"
#include "children.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sockaudit/verdict.h>
#include <string.h>
#include <time.h>

/* Whether it is, or was, a TCP connection at all. */
static bool is_connection(const struct ledger_slot *slot)
{
	const uint32_t never = SOCKET_LISTENING | SOCKET_NOT_TCP | SOCKET_CONNECT_FAILED;

	return slot->type == SOCK_STREAM && (slot->family == AF_INET || slot->family == AF_INET6) &&
	       !(slot->flags & never) &&
	       ((slot->flags & (SOCKET_CONNECTED | SOCKET_CONNECTING)) || slot->received ||
		slot->sent);
}

/*
 * Another descriptor, here or in a related process, may keep it alive: then our close ends nothing.
 * Who has used it since it was shared is taken for the one that ends it: the child of a server that
 * forks for each connection, not its parent.
 */
static bool may_live_on(const struct ledger_slot *slot)
{
	uint64_t used = verdict_later(slot->eof_at,
				      verdict_later(slot->last_receive, slot->last_send)),
		 shared;

	if (!ledger->slots || (slot->group && ledger->slots[slot->group - 1].group_refs > 1))
		return true;
	if (((slot->flags & SOCKET_INHERITED) || slot->origin == ORIGIN_INHERITED ||
	     slot->origin == ORIGIN_RECEIVED) &&
	    !used)
		return true;
	return children_may_hold(slot, &shared) && used <= shared;
}

/* The flags may not tell its options: set by another process, through another descriptor, before
 * us. */
static bool is_unsure(const struct ledger_slot *slot)
{
	return slot->flags & (SOCKET_FOREIGN | SOCKET_COPIED | SOCKET_ASK);
}

static bool is_reset_by_linger(int fd, const struct ledger_slot *slot)
{
	struct linger linger = { 0, 0 };
	unsigned size = sizeof linger;

	if (!is_unsure(slot) || process_is_filtered())
		return slot->flags & SOCKET_LINGER_0;
	return sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff &&
	       !linger.l_linger;
}

static uint8_t tcp_state(int fd)
{
	uint8_t state = 0; /* the first byte of tcp_info */
	unsigned size = sizeof state;

	return sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 ? state : 0;
}

static bool is_unread(int fd)
{
	int bytes = 0; /* a FIN is none */

	return sys_ioctl(fd, SIOCINQ, &bytes) == 0 && bytes > 0;
}

/* poll(2)'s word of this moment, or -errno. It takes no error away. */
static int poll_now(int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };
#if defined(__x86_64__)
	/* A fifth cheaper than ppoll(). */
	int ready = (int)sys_call(SYS_poll, &now, 1, 0, 0);
#else
	struct timespec none = { 0, 0 };
	int ready = (int)sys_call6(SYS_ppoll, (long)&now, 1, (long)&none, 0, 8, 0);
#endif
	return ready < 0 ? ready : ready && (now.revents & POLLNVAL) ? -EBADF : now.revents;
}

static bool fin_is_there(int fd, const struct ledger_slot *slot, int events)
{
	if (!(slot->flags & SOCKET_SHUT_READ))
		return events & POLLRDHUP;
	/* Our own shutdown of reading says the same to poll(). */
	uint8_t state = tcp_state(fd);
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

/* What the ledger knows by itself; END_NOT: it has to ask. */
static enum ledger_end end_known(int fd, const struct ledger_slot *slot)
{
	int error = slot->error_errno;

	if (slot->error_at && !verdict_is_of_before(slot, slot->error_at) &&
	    (error == ECONNRESET || error == EPIPE || error == ETIMEDOUT))
		return END_DEAD;
	if (!slot->eof_at || verdict_is_of_before(slot, slot->eof_at))
		return END_NOT;
	/* All was read, and both ways are over. */
	if (slot->flags & SOCKET_SHUT_WRITE)
		return slot->shut_end ? slot->shut_end : END_UNKNOWN;
	return is_reset_by_linger(fd, slot) ? END_RESET_LINGER : END_SECOND;
}

/* As the kernel's tcp_close() decides. */
static enum ledger_end end_asked(int fd, const struct ledger_slot *slot)
{
	int protocol = 0, events;
	unsigned size = sizeof protocol;

	if (is_unsure(slot) &&
	    (sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
	     protocol != IPPROTO_TCP))
		return END_NOT;
	events = poll_now(fd);
	if (events < 0)
		return END_NOT;
	/* Our FIN went first, and theirs has come: dead or in TIME_WAIT, it is the same. */
	if (slot->shut_end == END_FIRST && !(slot->flags & SOCKET_SHUT_READ) &&
	    (events & (POLLRDHUP | POLLERR)) == POLLRDHUP)
		return END_FIRST;
	/* An error may also be news in the error queue. */
	if ((events & (POLLERR | POLLHUP)) && tcp_state(fd) == TCP_CLOSE)
		return slot->shut_end && !(events & POLLERR) ? slot->shut_end : END_DEAD;
	if (!(slot->flags & SOCKET_CONNECTED) && !slot->received && !slot->sent &&
	    !(events & POLLOUT))
		return END_NOT; /* its connect() is still under way */
	bool fin = fin_is_there(fd, slot, events);
	if (fin && slot->shut_end == END_FIRST)
		return END_FIRST;
	/* What was asked for, whatever is unread besides. */
	if (!is_unsure(slot) && (slot->flags & SOCKET_LINGER_0) && !slot->shut_end)
		return END_RESET_LINGER;
	/* With a FIN, the poll says "readable" even when there is nothing but that. */
	bool sure = !(slot->flags & (SOCKET_ASK | SOCKET_SHUT_READ)) && !fin;
	if (sure ? (events & POLLIN) != 0
		 : (fin || (events & POLLIN) || (slot->flags & SOCKET_ASK)) && is_unread(fd))
		return END_RESET_UNREAD;
	if (slot->shut_end == END_SECOND)
		return END_SECOND;
	if (is_reset_by_linger(fd, slot))
		return END_RESET_LINGER;
	return slot->shut_end ? slot->shut_end : fin ? END_SECOND : END_FIRST;
}

void farewell_learn(int fd, struct ledger_slot *slot)
{
	if (slot->end || LIFE_PHASE(slot->life) != PHASE_OPEN || !is_connection(slot) ||
	    may_live_on(slot))
		return;
	enum ledger_end end = end_known(fd, slot);
	if (!end)
		end = process_is_filtered() ? END_UNKNOWN : end_asked(fd, slot);
	slot->end = (uint8_t)end;
}

void farewell_note(const struct ledger_slot *slot, enum call call, stack_id stack)
{
	if (slot->end == END_NOT || slot->end == END_SECOND || slot->end == END_DEAD)
		return;
	int64_t place = ledger_file_next(SECTION_ENDINGS);
	if (place < 0)
		return;
	struct ledger_ending *ending = &ledger->endings[place];
	/* Partner: the reader, which takes a record without a time for none. */
	__atomic_store_n(&ending->closed_at, 0, __ATOMIC_RELEASE);
	ending->cookie = slot->cookie;
	memcpy(ending->local_ip, slot->local.ip, sizeof ending->local_ip);
	memcpy(ending->peer_ip, slot->peer.ip, sizeof ending->peer_ip);
	ending->local_port = slot->local.known ? slot->local.port : 0;
	ending->peer_port = slot->peer.known ? slot->peer.port : 0;
	ending->opened_stack = slot->opened_stack;
	ending->closed_stack = stack;
	ending->exchanges = slot->exchanges;
	ending->flags = slot->flags;
	ending->family = (uint8_t)slot->family;
	ending->end = slot->end;
	ending->opened_call = slot->opened_call;
	ending->closed_call = (uint8_t)call;
	__atomic_store_n(&ending->closed_at, cycles_now(), __ATOMIC_RELEASE);
}

enum ledger_end farewell_of_shutdown(int fd, const struct ledger_slot *slot, int how)
{
	if (!slot || how == SHUT_RD || slot->shut_end || !is_connection(slot) || !process_is_ours())
		return END_NOT;
	if (slot->eof_at && !verdict_is_of_before(slot, slot->eof_at))
		return END_SECOND;
	if (process_is_filtered())
		return END_NOT;
	int events = poll_now(fd);
	return events < 0 ? END_NOT : fin_is_there(fd, slot, events) ? END_SECOND : END_FIRST;
}
