/* SPDX-License-Identifier: MIT */
/*
 * All that the kernel lists of a network namespace, against all that the report accounts for: each
 * socket once, whoever holds it. On a quiet system the sums are exact; a socket that changed
 * between the census and /proc is counted as one that did.
 */
#include "audit.h"
#include "half_closed.h"
#include "kernel.h"
#include "owners.h"

#include <inttypes.h>
#include <stdlib.h>

/* Accepted by the kernel, not yet by the program: nobody has a descriptor of it, and closing is
 * nobody's before accept(). */
static const char waiting[] = "in an accept queue, without a descriptor";
/* io_uring's registered files, messages under way, and processes that /proc hides. */
static const char nobodys[] = "of no process that we may look at";

/* A socket of the report that no ledger knows, by inode. */
struct stranger {
	UT_hash_handle hh;
	uint64_t inode;
	const struct held_socket *held;
};

struct reckoning {
	struct audit *audit;
	struct stranger *strangers;
	uint64_t this_boot;
	uint64_t *net_ns; /* of each member */
	size_t nobodys;	  /* sockets that nobody is known to hold */
	/* Those of the namespace at hand: they may have ended since it was asked. */
	const struct kernel_socket **doubts;
	size_t doubt_count, doubt_room;
};

static const struct audited_socket *audited_of(const struct reckoning *reckoning, uint64_t inode)
{
	return inode ? index_find(&reckoning->audit->inodes, inode, reckoning->this_boot) : NULL;
}

static void stranger_add(struct reckoning *reckoning, const struct held_socket *held)
{
	struct stranger *stranger;

	HASH_FIND(hh, reckoning->strangers, &held->inode, sizeof(held->inode), stranger);
	if (stranger)
		return;
	stranger = arena_alloc(reckoning->audit->arena, sizeof(*stranger));
	stranger->inode = held->inode;
	stranger->held = held;
	HASH_ADD(hh, reckoning->strangers, inode, sizeof(stranger->inode), stranger);
}

static void strangers_take(struct reckoning *reckoning)
{
	const struct audit *audit = reckoning->audit;

	for (size_t i = 0; i < audit->members->count; i++)
		for (size_t j = 0; j < audit->processes[i].held_count; j++) {
			const struct held_socket *held = &audit->processes[i].held[j];
			if (held->inode && !audited_of(reckoning, held->inode))
				stranger_add(reckoning, held);
		}
}

static void other_count(struct arena *arena, struct namespace_sum *sum, const struct owner *owner,
			size_t *room)
{
	for (size_t i = 0; i < sum->other_count; i++)
		if (sum->others[i].pid == owner->pid) {
			sum->others[i].count++;
			return;
		}
	sum->others = arena_more(arena, sum->others, sum->other_count, room, sizeof(*sum->others));
	sum->others[sum->other_count++] =
		(struct namespace_holder){ .pid = owner->pid, .comm = owner->comm, .count = 1 };
}

static bool is_reported(const struct audit *audit, uint32_t pid)
{
	for (size_t i = 0; i < audit->members->count; i++)
		if (audit->members->items[i].pid == pid && audit->members->items[i].running)
			return true;
	return false;
}

/* Why no process of the report accounts for it. */
static const char *stranger_reason(struct reckoning *reckoning, const struct kernel_socket *kernel,
				   struct namespace_sum *sum, size_t *room)
{
	if (kernel->subflow)
		return "a path of an MPTCP connection";
	if (!kernel->inode)
		return waiting;
	const struct owner *owner = audit_owner_of(reckoning->audit, kernel->inode);
	if (!owner) {
		reckoning->doubts = arena_more(reckoning->audit->arena, reckoning->doubts,
					       reckoning->doubt_count, &reckoning->doubt_room,
					       sizeof(*reckoning->doubts));
		reckoning->doubts[reckoning->doubt_count++] = kernel;
		return NULL;
	}
	if (is_reported(reckoning->audit, owner->pid))
		return "changed while it was looked at";
	other_count(reckoning->audit->arena, sum, owner, room);
	return NAMESPACE_OTHERS;
}

static void half_closed_count(struct reckoning *reckoning, const struct kernel_socket *kernel,
			      struct namespace_sum *sum, size_t *room)
{
	const struct audited_socket *audited =
		kernel->subflow ? NULL : audited_of(reckoning, kernel->inode);
	struct stranger *stranger = NULL;
	const char *reason;

	sum->close_wait++;
	if (kernel->inode && !kernel->subflow && !audited)
		HASH_FIND(hh, reckoning->strangers, &kernel->inode, sizeof(kernel->inode),
			  stranger);
	if (!audited && !stranger) {
		reason = stranger_reason(reckoning, kernel, sum, room);
	} else {
		const struct held_socket *held = stranger ? stranger->held : NULL;
		switch (half_closed_of(held ? held->socket : audited, held, &reason)) {
		case HALF_CLOSED_FOUND:
			sum->found++;
			return;
		case HALF_CLOSED_GRACE:
			sum->grace++;
			return;
		case HALF_CLOSED_UNEXPLAINED:
			break;
		}
	}
	if (reason)
		reason_count(reckoning->audit->arena, &sum->unexplained, &sum->unexplained_count,
			     reason);
}

/* The kernel was asked first, /proc a moment later: who held them may have ended in between. */
static void doubts_settle(struct reckoning *reckoning, struct namespace_sum *sum)
{
	struct arena *arena = reckoning->audit->arena;
	struct kernel_census again = { .sockets = NULL };
	struct arena passing = { NULL };
	uint32_t pid = 0;

	for (size_t i = 0; i < reckoning->audit->members->count && reckoning->doubt_count; i++)
		if (reckoning->net_ns[i] == sum->net_ns)
			pid = reckoning->audit->members->items[i].pid;
	bool known = pid && !kernel_census_take(&passing, pid, &again);
	for (size_t i = 0; i < reckoning->doubt_count; i++) {
		const struct kernel_socket *now =
			kernel_by_inode(&again, reckoning->doubts[i]->inode);
		bool there = !known || (now && now->state == KERNEL_CLOSE_WAIT);
		reckoning->nobodys += there;
		reason_count(arena, &sum->unexplained, &sum->unexplained_count,
			     there ? nobodys : "gone while it was looked at");
	}
	arena_free(&passing);
	reckoning->doubt_count = 0;
}

/* In CLOSE, which no table lists: those of the report's processes in this namespace. */
static uint64_t closed_count(const struct reckoning *reckoning, uint64_t net_ns)
{
	const struct audit *audit = reckoning->audit;
	uint64_t count = 0;

	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		bool here = false;
		for (size_t j = 0; j < socket->ref_count && !here; j++)
			here = socket->refs[j].holds &&
			       reckoning->net_ns[socket->refs[j].member] == net_ns;
		count += here && socket->live && socket->kernel.known &&
			 socket->kernel.tcp_state == KERNEL_CLOSE;
	}
	return count;
}

static void namespace_fill(struct reckoning *reckoning, const struct audit_census *census,
			   struct namespace_sum *sum)
{
	size_t room = 0;

	*sum = (struct namespace_sum){ .net_ns = census->kernel->net_ns, .known = !census->failed };
	for (size_t i = 0; i < census->kernel->count && sum->known; i++) {
		const struct kernel_socket *kernel = &census->kernel->sockets[i];
		if (!kernel->state || kernel->state >= TCP_STATE_COUNT)
			continue;
		sum->states[kernel->state]++;
		if (kernel->state == KERNEL_CLOSE_WAIT)
			half_closed_count(reckoning, kernel, sum, &room);
	}
	doubts_settle(reckoning, sum);
	if (sum->known)
		sum->states[KERNEL_CLOSE] = closed_count(reckoning, sum->net_ns);
}

static int namespace_compare(const void *a, const void *b)
{
	const struct namespace_sum *left = a, *right = b;

	return left->net_ns < right->net_ns ? -1 : left->net_ns > right->net_ns;
}

static const char *blindness(const struct reckoning *reckoning)
{
	const size_t refused = audit_owners(reckoning->audit)->refused;

	if (refused)
		return arena_printf(reckoning->audit->arena,
				    "the descriptors of %zu process%s of other users are not ours "
				    "to see; run as root",
				    refused, refused == 1 ? "" : "es");
	return proc_shows_all()
		       ? "no process has a descriptor of them (io_uring, or a message under way)"
		       : "/proc shows us no process that has them (hidepid=, or another pid "
			 "namespace)";
}

void audit_namespaces(struct audit *audit, struct report *report)
{
	struct reckoning reckoning = { .audit = audit,
				       .this_boot = index_boot(proc_boot_id(audit->arena)) };

	report->namespaces =
		arena_array(audit->arena, audit->census_count + 1, sizeof(*report->namespaces));
	reckoning.net_ns =
		arena_array(audit->arena, audit->members->count + 1, sizeof(*reckoning.net_ns));
	for (size_t i = 0; i < audit->members->count && audit->census_count; i++)
		reckoning.net_ns[i] = proc_namespace(audit->members->items[i].pid, "net");
	strangers_take(&reckoning);
	for (size_t i = 0; i < audit->census_count; i++)
		/* Of one whose number we may not see nobody knows whether it is one or several. */
		if (audit->censuses[i].of_member && audit->censuses[i].kernel->net_ns)
			namespace_fill(&reckoning, &audit->censuses[i],
				       &report->namespaces[report->namespace_count++]);
	if (report->namespace_count)
		qsort(report->namespaces, report->namespace_count, sizeof(*report->namespaces),
		      namespace_compare);
	if (reckoning.nobodys)
		audit_remark(
			audit,
			arena_printf(audit->arena,
				     "who holds %zu of the namespace's sockets is not known: %s",
				     reckoning.nobodys, blindness(&reckoning)));
	HASH_CLEAR(hh, reckoning.strangers);
}
