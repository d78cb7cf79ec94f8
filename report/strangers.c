/* SPDX-License-Identifier: MIT */
/*
 * Sockets that a process holds and no ledger knows: was each there before the library was loaded,
 * or did it come later, past libc? The kernel keeps no time of birth, so only what proves one or
 * the other is believed; see strangers.h.
 *
 * Numbers of inodes are no clock across processors: each takes 1024 at a time and may use them
 * hours later. Within one such batch they are one.
 */
#include "strangers.h"

#include "proc.h"

#include <stdlib.h>
#include <string.h>

static const char behind[] = "opened behind libc";
static const char before[] = "opened before the preload";
static const char either[] = "opened before the preload or behind libc";
static const char inherited[] = "inherited from the parent process";
static const char no_room[] = "no room in the ledger";
static const char not_audited[] = "process not audited";

#define INODE_BATCH	1024
#define ANCESTORS_ASKED 64
/* Below this number the library wrote down which sockets were there when the ledger began. */
#define LISTED_BELOW  64
#define TCP_LISTENING 10

/* A socket that an ancestor holds. */
struct heirloom {
	uint64_t inode;
	const char *reason; /* the ancestor's own; NULL: it isn't reported on */
};

struct strangers {
	struct audit *audit;
	const struct member *member;
	const struct audited_process *process;
	struct heirloom *heirlooms; /* by inode */
	size_t heirloom_count, heirloom_room;
	uint64_t *born_here; /* inodes of sockets that libc opened here, in order */
	size_t born_count;
	bool ancestors_known, handed_over;
};

static int heirloom_compare(const void *a, const void *b)
{
	const struct heirloom *left = a, *right = b;

	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

static int inode_compare(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static void heirloom_add(struct strangers *strangers, uint64_t inode, const char *reason)
{
	strangers->heirlooms =
		arena_more(strangers->audit->arena, strangers->heirlooms, strangers->heirloom_count,
			   &strangers->heirloom_room, sizeof(*strangers->heirlooms));
	strangers->heirlooms[strangers->heirloom_count++] = (struct heirloom){ inode, reason };
}

/* The sockets of one ancestor: as the report has them, else as /proc shows them now. */
static void heirlooms_of(struct strangers *strangers, uint32_t pid)
{
	struct audit *audit = strangers->audit;
	struct proc_files files;

	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		const struct audited_process *process = &audit->processes[i];
		if (member->pid != pid || !member->running || !process->files_known)
			continue;
		for (size_t j = 0; j < process->held_count; j++)
			heirloom_add(strangers, process->held[j].inode,
				     member->unaudited ? NULL : process->held[j].unexplained);
		return;
	}
	if (!proc_files(audit->arena, pid, &files))
		for (size_t i = 0; i < files.socket_count; i++)
			heirloom_add(strangers, files.sockets[i].inode, NULL);
}

static void heirlooms_take(struct strangers *strangers)
{
	struct proc proc;
	uint32_t pid = strangers->member->pid;

	strangers->ancestors_known = true;
	for (int i = 0; i < ANCESTORS_ASKED && !proc_read(pid, &proc) && proc.ppid; i++) {
		pid = proc.ppid;
		heirlooms_of(strangers, pid);
	}
	if (strangers->heirloom_count)
		qsort(strangers->heirlooms, strangers->heirloom_count,
		      sizeof(*strangers->heirlooms), heirloom_compare);
	/* A service manager's sockets may be marked close-on-exec only after they were handed over.
	 */
	strangers->handed_over = proc_environment_has(strangers->member->pid, "LISTEN_FDS=") != 0;
}

static bool is_born_here(const struct strangers *strangers, const struct held_socket *held)
{
	const struct audited_socket *socket = held->socket;

	for (size_t i = 0; socket && i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if (ref->holds && !(ref->slot->flags & SOCKET_FOREIGN) &&
		    &strangers->audit->members->items[ref->member] == strangers->member)
			return true;
	}
	return false;
}

static void born_here_take(struct strangers *strangers)
{
	const struct audited_process *process = strangers->process;

	strangers->born_here = arena_array(strangers->audit->arena, process->held_count + 1,
					   sizeof(*strangers->born_here));
	for (size_t i = 0; i < process->held_count; i++)
		if (is_born_here(strangers, &process->held[i]))
			strangers->born_here[strangers->born_count++] = process->held[i].inode;
	if (strangers->born_count)
		qsort(strangers->born_here, strangers->born_count, sizeof(*strangers->born_here),
		      inode_compare);
}

/* Younger than a socket that libc opened here: both numbers are of one batch. */
static bool is_younger(const struct strangers *strangers, uint64_t inode)
{
	size_t low = 0, high = strangers->born_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strangers->born_here[middle] < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low &&
	       (strangers->born_here[low - 1] - 1) / INODE_BATCH == (inode - 1) / INODE_BATCH;
}

/* A connection to a port on which this process listens: it can't be older than the listener. */
static bool was_accepted_here(const struct strangers *strangers, const struct held_socket *held)
{
	if (!held->local_port || held->tcp_state == TCP_LISTENING)
		return false;
	for (size_t i = 0; i < strangers->process->held_count; i++) {
		const struct held_socket *listener = &strangers->process->held[i];
		if (listener->tcp_state == TCP_LISTENING &&
		    listener->local_port == held->local_port && is_born_here(strangers, listener))
			return true;
	}
	return false;
}

enum listing { LISTED_NOT, LISTED_UNKNOWN, LISTED };

/* Whether the ledger found it there when it began. */
static enum listing listing_of(const struct ledger *ledger, const struct held_socket *held)
{
	if (!ledger || ledger->header.filtered)
		return LISTED_UNKNOWN;
	for (size_t i = 0; i < ledger->snapshot_count; i++) {
		const struct ledger_snapshot *snapshot = &ledger->snapshots[i];
		if (!snapshot->life && snapshot->before &&
		    (held->cookie && snapshot->cookie ? held->cookie == snapshot->cookie
						      : held->fd == snapshot->fd))
			return LISTED;
	}
	return held->fd < LISTED_BELOW ? LISTED_NOT : LISTED_UNKNOWN;
}

static const char *reason_of(struct strangers *strangers, const struct held_socket *held)
{
	const struct ledger *ledger = strangers->member->ledger;
	struct heirloom key = { held->inode, NULL }, *heirloom;

	if (strangers->member->unaudited)
		return not_audited;
	/* The number had another socket in the library's time, so this one came after it. */
	if (ledger && ledger_slot_of(ledger, held->fd))
		return behind;
	if (ledger && ledger->header.lost[LOST_SLOTS])
		return no_room;
	if (!strangers->ancestors_known)
		heirlooms_take(strangers);
	heirloom = strangers->heirloom_count
			   ? bsearch(&key, strangers->heirlooms, strangers->heirloom_count,
				     sizeof(key), heirloom_compare)
			   : NULL;
	if (heirloom && heirloom->reason)
		return heirloom->reason;
	if (heirloom)
		return ledger && ledger->header.fork_pid ? inherited : before;
	if (held->fd <= 2)
		return before;
	enum listing listing = listing_of(ledger, held);
	if (!strangers->born_here)
		born_here_take(strangers);
	/* What is closed by an exec() can't have come through the one that loaded the library. */
	if (listing == LISTED_NOT || was_accepted_here(strangers, held) ||
	    is_younger(strangers, held->inode) ||
	    (!strangers->handed_over && proc_closes_on_exec(strangers->member->pid, held->fd)))
		return behind;
	if (listing == LISTED)
		return before;
	return strangers->process->io_uring ? behind : either;
}

const char *stranger_left(const struct ledger *ledger, int fd, bool was_before)
{
	/* Beyond what was listed at the beginning nothing proves that it came later, unless the
	 * number had another socket before. */
	if (!was_before)
		return fd < LISTED_BELOW || ledger_slot_of(ledger, fd) ? behind : either;
	return ledger->header.fork_pid ? inherited : before;
}

void strangers_explain(struct audit *audit, uint32_t member)
{
	struct strangers strangers = { .audit = audit,
				       .member = &audit->members->items[member],
				       .process = &audit->processes[member] };

	for (size_t i = 0; i < strangers.process->held_count; i++) {
		struct held_socket *held = &audit->processes[member].held[i];
		if (held->is_stranger)
			held->unexplained = reason_of(&strangers, held);
	}
}
