/* SPDX-License-Identifier: MIT */
/* An ended process's slots: what it still held, by the snapshot that the library took at its exit.
 */
#include "classify.h"
#include "join_samples.h"
#include "join_sockets.h"
#include "marks.h"
#include "strangers.h"

#include <inttypes.h>
#include <stdlib.h>

static int snapshot_compare(const void *a, const void *b)
{
	const struct ledger_snapshot *left = a, *right = b;

	if (left->fd != right->fd)
		return left->fd < right->fd ? -1 : 1;
	/* A number may have had a stranger before. */
	return left->life < right->life ? -1 : left->life > right->life;
}

/* The library writes them down in order; a ledger may be anybody's. */
static void snapshots_sort(struct ledger *ledger)
{
	for (uint32_t i = 1; i < ledger->snapshot_count; i++) {
		if (snapshot_compare(&ledger->snapshots[i - 1], &ledger->snapshots[i]) <= 0)
			continue;
		qsort(ledger->snapshots, ledger->snapshot_count, sizeof(*ledger->snapshots),
		      snapshot_compare);
		return;
	}
}

/* Of a slot, each behind the one before: so are the snapshots, of which *at have been passed. */
static const struct ledger_snapshot *snapshot_find(const struct ledger *ledger,
						   const struct ledger_entry *entry, uint32_t *at)
{
	const struct ledger_snapshot key = { .fd = entry->fd, .life = entry->slot.life };

	while (*at < ledger->snapshot_count && snapshot_compare(&ledger->snapshots[*at], &key) < 0)
		++*at;
	return *at < ledger->snapshot_count && !snapshot_compare(&ledger->snapshots[*at], &key)
		       ? &ledger->snapshots[*at]
		       : NULL;
}

static void slot_join_ended(struct join_sockets *join, uint32_t index,
			    const struct ledger_entry *entry,
			    const struct ledger_snapshot *snapshot)
{
	const struct ledger *ledger = join->audit->members->items[index].ledger;
	bool open = LIFE_PHASE(entry->slot.life) == PHASE_OPEN;

	if (snapshot && snapshot->gone) {
		join->audit->processes[index].drift += open;
		return;
	}
	/* A close that was called is believed, unless the exit found the socket open all the same.
	 */
	if (!open && !(snapshot && snapshot->valid))
		return;
	struct audited_socket *socket = socket_of(join, index, entry, 0, false);
	const struct socket_kernel *sample =
		ledger->header.state == LEDGER_RUNNING
			? samples_find(join->audit->samples, entry->slot.cookie)
			: NULL;
	if (sample && !socket->kernel.known) {
		join->audit->kernel_known = true;
		socket->kernel = *sample;
	}
	if (!snapshot || !snapshot->valid || socket->kernel.known)
		return;
	join->audit->kernel_known = true;
	socket->kernel = (struct socket_kernel){
		.known = true,
		.tcp_state = snapshot->tcp_state < TCP_STATE_COUNT ? snapshot->tcp_state : 0,
		.queues_known = snapshot->tcp_state && snapshot->tcp_state != KERNEL_CLOSE,
		.ages_known = snapshot->tcp_state,
		.keepalive = snapshot->keepalive,
		.recv_q = snapshot->recv_q,
		.send_q = snapshot->send_q,
		.last_data_sent_ms = snapshot->last_data_sent_ms,
		.last_data_recv_ms = snapshot->last_data_recv_ms,
		.last_ack_recv_ms = snapshot->last_ack_recv_ms,
		.at = ledger->header.ended_at ? ledger->header.ended_at : ledger_youngest(ledger),
	};
}

/* What was open at the end without a slot, once a socket: the balance counts it. */
static void strangers_join(struct join_sockets *join, uint32_t index)
{
	const struct ledger *ledger = join->audit->members->items[index].ledger;
	struct audited_process *process = &join->audit->processes[index];
	struct socket_index seen = { .entries = NULL };
	uint64_t boot = process->boot;
	static struct audited_socket unknown; /* whatever it is: only its being there counts */

	process->held =
		arena_array(join->audit->arena, ledger->snapshot_count + 1, sizeof(*process->held));
	for (size_t i = 0; i < ledger->snapshot_count; i++) {
		const struct ledger_snapshot *snapshot = &ledger->snapshots[i];
		uint64_t cookie = snapshot->cookie;
		if (snapshot->life || !snapshot->valid ||
		    (cookie && (index_find(&join->audit->cookies, cookie, boot) ||
				index_find(&seen, cookie, boot))))
			continue;
		if (cookie)
			index_add(&seen, cookie, boot, &unknown);
		process->held[process->held_count++] = (struct held_socket){
			.fd = snapshot->fd,
			.tcp_state = snapshot->tcp_state,
			.is_stranger = true,
			.unexplained = stranger_left(ledger, snapshot->fd, snapshot->before),
			.first = true,
			.first_of_all = true,
			.family = snapshot->family,
			.type = snapshot->type,
			.cookie = cookie,
		};
	}
	index_free(&seen);
}

/*
 * With marks, a socket belongs to a test. One whose end was met under a test and that was closed
 * only when the last test was over was left by it: by an interpreter that cleans up, or a server
 * that is stopped.
 */
static void left_by_tests(struct join_sockets *join, uint32_t index)
{
	const struct marks *marks = join->audit->marks;
	const struct member *member = &join->audit->members->items[index];
	const struct ledger *ledger = member->ledger;
	const struct verdict_kernel unknown = { .tcp_state = KERNEL_UNKNOWN };
	uint64_t last = marks_last(marks, member->pid, ledger_realtime(ledger, member_end(member)));

	for (size_t i = 0; last && i < ledger->slot_count; i++) {
		const struct ledger_slot *slot = &ledger->slots[i].slot;
		if (LIFE_PHASE(slot->life) != PHASE_GONE || !slot->closed_call || slot->group ||
		    ledger_realtime(ledger, slot->closed_at) <= last)
			continue;
		struct verdict verdict = verdict_of(slot, &unknown, ledger->ns_per_cycle);
		if (verdict.rule != VERDICT_NONE && verdict.since < slot->closed_at &&
		    ledger_realtime(ledger, verdict.since) < last)
			socket_of(join, index, &ledger->slots[i], 0, false)->left = true;
	}
}

void ended_join(struct join_sockets *join, uint32_t index)
{
	struct ledger *ledger = join->audit->members->items[index].ledger;

	if (ledger->header.state == LEDGER_EXEC || ledger->header.state == LEDGER_DAEMON)
		return; /* its sockets went on with another program, or with its child */
	if (ledger->header.filtered == LEDGER_FILTERED_STOPPED) {
		audit_remark(join->audit, arena_printf(join->audit->arena,
						       "process %" PRIu32
						       " was not recorded to its end: it forbade "
						       "itself the system calls or the "
						       "cycle counter that recording needs",
						       join->audit->members->items[index].pid));
		return;
	}
	bool asked = ledger->header.state == LEDGER_EXITED && ledger->header.snapshots_taken;
	uint32_t passed = 0;
	snapshots_sort(ledger);
	for (size_t i = 0; i < ledger->slot_count; i++) {
		const struct ledger_entry *entry = &ledger->slots[i];
		if (LIFE_PHASE(entry->slot.life) == PHASE_GONE)
			continue;
		slot_expect(join, index, i);
		slot_join_ended(join, index, entry,
				asked ? snapshot_find(ledger, entry, &passed) : NULL);
	}
	if (asked)
		strangers_join(join, index);
	if (ledger->header.state == LEDGER_EXITED && join->audit->marks)
		left_by_tests(join, index);
}
