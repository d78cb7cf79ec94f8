/* SPDX-License-Identifier: MIT */
/* The end of a life: close and its kin, copies that take a number over. */
#include "children.h"
#include "farewell.h"
#include "interest.h"
#include "misuse.h"
#include "process.h"
#include "track.h"
#include <errno.h>
#include <linux/close_range.h>
#include <sockaudit/verdict.h>

static bool is_copy(unsigned fd, uint32_t group)
{
	const struct ledger_slot *slot = fdtable_is_socket((int)fd) ? fdtable_slot((int)fd) : NULL;

	return slot && slot->group == group && LIFE_PHASE(slot->life) == PHASE_OPEN;
}

static bool used_since(const struct ledger_slot *slot, uint64_t at)
{
	return slot->last_receive > at || slot->last_send > at;
}

/* That another descriptor of its socket was closed: the one at work, if this one never was. */
static void copy_is_closed(struct ledger_slot *heir, const struct ledger_slot *slot, enum call call,
			   stack_id stack)
{
	bool worked = used_since(slot, heir->opened_at) && !used_since(heir, heir->opened_at) &&
		      !(heir->flags & SOCKET_TOUCHED);

	heir->closed_at = cycles_now();
	heir->closed_call = (uint8_t)call;
	heir->closed_stack = stack;
	track_flags(heir, SOCKET_COPY_CLOSED | (worked ? SOCKET_COPY_WORKED : 0),
		    worked ? 0 : SOCKET_COPY_WORKED);
}

/*
 * What was learnt through a descriptor that goes, while another keeps the socket open, must stay
 * known. False: no other does.
 */
static bool hand_on(unsigned fd, struct ledger_slot *slot, enum call call, stack_id stack)
{
	unsigned end = fdtable_end();

	if (!ledger->slots || ledger->slots[slot->group - 1].group_refs < 2)
		return false;
	track_ask((int)fd, slot);
	/* Copies have neighbouring numbers more often than not. */
	for (unsigned step = 1; step < end; step++) {
		unsigned near = fd + step < end && is_copy(fd + step, slot->group) ? fd + step
				: fd >= step && is_copy(fd - step, slot->group)	   ? fd - step
										   : fd;
		if (near == fd)
			continue;
		struct ledger_slot *other = ledger->slots + near;
		copy_is_closed(other, slot, call, stack);
		verdict_merge(other, slot);
		other->eof_claim = other->eof_claim ? other->eof_claim : slot->eof_claim;
		other->error_claim |= slot->error_claim;
		other->shut_end = other->shut_end ? other->shut_end : slot->shut_end;
		track_flags(other, slot->flags & SOCKET_SHUT_WRITE, 0);
		return true;
	}
	return false;
}

/* What others must know of a descriptor that goes. */
static void leave_word(int fd, struct ledger_slot *slot, enum call call, stack_id stack)
{
	if (!slot->group || !hand_on((unsigned)fd, slot, call, stack)) {
		children_note_closed(fd, slot, call, stack);
		farewell_note(slot, call, stack);
	}
	interest_leave(slot);
}

/* Before the real call: afterwards another thread may own the number. */
static uint32_t retire(int fd, struct ledger_slot *slot, enum call call, stack_id stack)
{
	farewell_learn(fd, slot);
	leave_word(fd, slot, call, stack);
	return fdtable_retire(fd, call, stack);
}

struct closing track_close(int fd, enum call call, void *frame)
{
	struct closing closing = { .told = true };

	if (!ledger->slots) {
		/* A child closes what its parent had: nothing to record. In a vfork child the byte
		 * is the parent's. */
		if (fdtable_watches(fd) && process_is_ours())
			fdtable_watch[fd] = WATCH_NOT;
		closing.told = false;
		return closing;
	}
	bool watched = fdtable_is_socket(fd);
	struct ledger_slot *slot = watched ? fdtable_slot(fd) : fdtable_record(fd);
	closing.slot = slot;
	/* An unwatched slot in CLOSING: its first close() was cancelled with its thread. */
	if (!watched && (!slot || LIFE_PHASE(slot->life) != PHASE_CLOSING)) {
		if (fdtable_watches_end(fd) && process_is_ours()) {
			interest_end(fd);
			/* Afterwards another thread's epoll may have the number. */
			fdtable_watch_end(fd, false);
		}
		return closing;
	}
	if (!process_is_ours()) {
		ledger_file_lost(LOST_CHILDREN);
		closing.told = false;
		return closing;
	}
	if (!slot) {
		fdtable_watch[fd] = WATCH_NOT;
		closing.told = false;
		return closing;
	}
	closing.life = retire(fd, slot, call, stacks_capture(frame));
	return closing;
}

void track_closed(int fd, struct closing closing, int error, enum call call, void *frame)
{
	if (!closing.told)
		return;
	if (closing.life)
		/* Any error but EBADF, and the descriptor is closed all the same: close(2). */
		fdtable_finish(fd, closing.life, error == EBADF ? DRIFT_CLOSED : DRIFT_NOT);
	misuse_closed(fd, closing.slot,
		      closing.life     ? CLOSED_SOCKET
		      : error == EBADF ? CLOSE_REFUSED
				       : CLOSED_OTHER,
		      call, frame);
}

bool track_range_is_ours(unsigned flags)
{
	if (!(flags & CLOSE_RANGE_UNSHARE) || process_is_single())
		return true;
	process_many_tables = true;
	ledger_file_lost(LOST_TABLES);
	return false;
}

void track_cloexec_range(unsigned first, unsigned last)
{
	for (unsigned fd = first; fd <= last && fd < fdtable_end(); fd++)
		track_cloexec((int)fd, true);
}

bool track_close_range(unsigned first, unsigned last, enum call call, void *frame)
{
	unsigned end = fdtable_end();
	stack_id stack = 0;
	bool any = false;

	if (!end || first >= end || !process_is_ours())
		return false;
	for (unsigned fd = first; fd < end && fd <= last; fd++) {
		if (!fdtable_is_socket((int)fd))
			continue;
		struct ledger_slot *slot = fdtable_slot((int)fd);
		if (!slot) {
			fdtable_watch[fd] = WATCH_NOT;
			continue;
		}
		if (!any)
			stack = stacks_capture(frame);
		any = true;
		retire((int)fd, slot, call, stack);
	}
	return any;
}

void track_closed_range(unsigned first, unsigned last, bool closed, enum call call)
{
	unsigned end = fdtable_end();

	for (unsigned fd = first; ledger->slots && fd < end && fd <= last; fd++) {
		struct ledger_slot *slot = fdtable_record((int)fd);

		if (!slot || LIFE_PHASE(slot->life) != PHASE_CLOSING || slot->closed_call != call)
			continue;
		if (closed)
			fdtable_finish((int)fd, slot->life, DRIFT_NOT);
		else
			fdtable_restore((int)fd, slot->life);
	}
}

uint32_t track_copied_over(int from, int to, enum call call, void *frame)
{
	struct ledger_slot *slot = from != to && fdtable_is_socket(to) ? fdtable_slot(to) : NULL;

	if (!slot || !process_is_ours())
		return 0;
	farewell_learn(to, slot);
	return fdtable_retire(to, call, stacks_capture(frame));
}

void track_copy_over(int from, int to, uint32_t life, bool done, bool cloexec, enum call call,
		     void *frame)
{
	if (life && !done) {
		fdtable_restore(to, life);
		return;
	}
	if (life && ledger->slots) {
		leave_word(to, ledger->slots + to, call, ledger->slots[to].closed_stack);
		fdtable_finish(to, life, DRIFT_NOT);
	}
	if (!done || from == to)
		return;
	if (!life && fdtable_is_socket(to) && process_is_ours())
		fdtable_watch[to] = WATCH_NOT; /* the parent's, and never used here */
	if (fdtable_is_socket(from))
		track_copy(from, to, cloexec, call, frame);
	else
		fdtable_unwatch(to); /* it is something else's now */
}

void track_copy(int from, int to, bool cloexec, enum call call, void *frame)
{
	if (from == to || to < 0 || !fdtable_is_socket(from) || !process_is_ours())
		return;
	struct ledger_slot *source = track_slot(from, call);
	stack_id stack = ledger->slots ? stacks_capture(frame) : 0;

	if (!source)
		return;
	track_ask(from, source);
	uint32_t begun;
	struct ledger_slot *copy = fdtable_begin(to, &begun);
	if (!copy)
		return;
	interest_end(to);
	/* What the socket is and has lived through; not the descriptor's own history. */
	copy->origin = ORIGIN_COPY;
	copy->type = source->type;
	copy->family = source->family;
	copy->cookie = source->cookie;
	copy->net_ns = source->net_ns;
	copy->opened_at = cycles_now();
	copy->opened_call = (uint8_t)call;
	copy->opened_stack = stack;
	copy->connect_at = source->connect_at;
	copy->connect_call = source->connect_call;
	copy->connect_errno = source->connect_errno;
	copy->connect_stack = source->connect_stack;
	const uint32_t of_its_own = SOCKET_CLOEXEC | SOCKET_STDIO | SOCKET_COPY_CLOSED |
				    SOCKET_COPY_WORKED | SOCKET_TOUCHED;
	copy->flags = (source->flags & ~of_its_own) | (cloexec ? SOCKET_CLOEXEC : 0);
	copy->local = source->local;
	copy->peer = source->peer;
	copy->last_receive = source->last_receive;
	copy->last_send = source->last_send;
	copy->last_receive_call = source->last_receive_call;
	copy->last_send_call = source->last_send_call;
	copy->direction = source->direction;
	copy->thread = source->thread;
	copy->eof_call = source->eof_call;
	copy->eof_stack = source->eof_stack;
	copy->eof_claim = source->eof_claim;
	copy->eof_at = source->eof_at;
	copy->error_call = source->error_call;
	copy->error_stack = source->error_stack;
	copy->error_errno = source->error_errno;
	copy->error_claim = source->error_claim;
	copy->error_at = source->error_at;
	copy->shutdown_call = source->shutdown_call;
	copy->shutdown_stack = source->shutdown_stack;
	copy->shutdown_at = source->shutdown_at;
	fdtable_group(source, copy);
	fdtable_publish(to, copy, begun);
}
