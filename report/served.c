/* SPDX-License-Identifier: MIT */
/* Sockets that a child served and the parent still has; see served.h. */
#include "served.h"

#include "cause.h"
#include "cause_unread.h"

#include <inttypes.h>

/* More generations than any server forks for a connection; ledgers may claim a circle. */
#define GENERATIONS_MOST 16

static bool same_process(const struct member *a, const struct member *b)
{
	return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

/* Served, not just met on the way to another one. */
static bool has_worked(const struct ledger_slot *slot)
{
	return slot->last_receive || slot->last_send || slot->eof_at || slot->error_at ||
	       slot->shutdown_at || (slot->flags & SOCKET_STDIO);
}

/* Whether the program did anything with it: then what it owes has another reason. */
static bool is_used(const struct ledger_slot *slot)
{
	return has_worked(slot) || slot->told_at || slot->epoll_since ||
	       (slot->flags & SOCKET_TOUCHED);
}

static bool is_untouched_by(const struct audit *audit, const struct audited_socket *socket,
			    const struct member *opener)
{
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if ((ref->holds || same_process(&audit->members->items[ref->member], opener)) &&
		    is_used(ref->slot))
			return false;
	}
	return true;
}

/* The child of `opener` that `member` is or descends from, forked when the socket was there; NULL:
 * it is none of its, or nobody knows. */
static const struct member *branch_of(const struct audit *audit, const struct member *member,
				      const struct socket_ref *opened)
{
	const struct member *opener = &audit->members->items[opened->member];

	for (unsigned i = 0; member && i < GENERATIONS_MOST; i++) {
		const struct ledger_header *header = &member->ledger->header;
		if (!header->fork_at || header->fork_at < opened->slot->opened_at)
			return NULL;
		if (header->fork_pid == opener->pid)
			return member;
		const struct member *parent = NULL;
		for (size_t j = 0; j < audit->members->count && !parent; j++)
			if (audit->members->items[j].ledger &&
			    audit->members->items[j].pid == header->fork_pid)
				parent = &audit->members->items[j];
		member = parent;
	}
	return NULL;
}

struct served served_by_child(const struct audit *audit, const struct audited_socket *socket)
{
	const struct socket_ref *opened = socket->judgement->opened;
	const struct member *opener = &audit->members->items[opened->member];
	struct served served = { .closed = NULL };

	if (!opened->holds || socket->ref_count < 2 || !is_untouched_by(audit, socket, opener))
		return served;
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		const struct ledger_slot *slot = ref->slot;
		const struct member *child = &audit->members->items[ref->member];
		if (ref->holds || slot->origin != ORIGIN_INHERITED || !has_worked(slot) ||
		    LIFE_PHASE(slot->life) != PHASE_GONE || !slot->closed_call ||
		    same_process(child, opener) ||
		    (served.closed && served.closed->slot->closed_at >= slot->closed_at))
			continue;
		const struct member *branch = branch_of(audit, child, opened);
		if (branch)
			served = (struct served){ ref, branch };
	}
	return served;
}

struct place served_fork(const struct audit *audit, struct code *code,
			 struct audited_socket *const *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct member *branch = served_by_child(audit, sockets[i]).branch;
		if (!branch)
			continue;
		const struct ledger_header *header = &branch->ledger->header;
		const char *call = ledger_call(branch->ledger, header->fork_call);
		return code_place(code, call ? call : "fork", 0,
				  code_stack(code, branch, header->fork_stack));
	}
	return (struct place){ .call = NULL };
}

const char *served_text(const struct audit *audit, struct audited_socket *const *sockets,
			size_t count, bool timeless)
{
	struct arena *arena = audit->arena;
	const struct member *first = NULL;
	size_t served_count = 0;
	bool others = false;
	uint64_t oldest = 0;

	for (size_t i = 0; i < count; i++) {
		struct served served = served_by_child(audit, sockets[i]);
		if (!served.closed)
			continue;
		const struct member *child = &audit->members->items[served.closed->member];
		uint64_t ms =
			cycles_to_ms(child->ledger->ns_per_cycle, served.closed->slot->closed_at,
				     sockets[i]->judgement->end);
		others |= first && !same_process(first, child);
		/* The one that two reports agree on. */
		if (!first || child->pid < first->pid)
			first = child;
		oldest = ms > oldest ? ms : oldest;
		served_count++;
	}
	if (!first)
		return "";
	const char *name =
		timeless ? first->comm
			 : arena_printf(arena, "pid %" PRIu32 " %s", first->pid, first->comm);
	return arena_printf(arena,
			    "%s (%s%s) served %s and closed %s%s; this process opened %s before "
			    "the fork, and still has %s: close %s here after fork()",
			    others ? "child processes" : "a child process", name,
			    others ? " and others" : "", served_count == 1 ? "it" : "them",
			    served_count == 1 ? "its copy" : "their copies",
			    cause_ago(arena, oldest, timeless), served_count == 1 ? "it" : "them",
			    served_count == 1 ? "it" : "them", served_count == 1 ? "it" : "them");
}
