/* SPDX-License-Identifier: MIT */
/* An ended process's slots: what it still held, by the snapshot that the library took at its exit.
 */
#include "join_sockets.h"

#include <inttypes.h>
#include <stdlib.h>

static int snapshot_compare(const void *a, const void *b)
{
	const struct ledger_snapshot *left = a, *right = b;

	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

static const struct ledger_snapshot *snapshot_find(const struct ledger *ledger,
						   const struct ledger_entry *entry)
{
	struct ledger_snapshot key = { .fd = entry->fd };
	const struct ledger_snapshot *found =
		ledger->snapshot_count ? bsearch(&key, ledger->snapshots, ledger->snapshot_count,
						 sizeof(key), snapshot_compare)
				       : NULL;

	return found && found->life == entry->slot.life ? found : NULL;
}

static void slot_join_ended(struct join_sockets *join, uint32_t index,
			    const struct ledger_entry *entry)
{
	const struct ledger *ledger = join->audit->members->items[index].ledger;
	bool open = LIFE_PHASE(entry->slot.life) == PHASE_OPEN;
	const struct ledger_snapshot *snapshot = NULL;

	if (ledger->header.state == LEDGER_EXITED && ledger->header.snapshots_taken)
		snapshot = snapshot_find(ledger, entry);
	if (snapshot && snapshot->gone) {
		join->audit->processes[index].drift += open;
		return;
	}
	/* A close that was called is believed, unless the exit found the socket open all the same.
	 */
	if (!open && !(snapshot && snapshot->valid))
		return;
	struct audited_socket *socket = socket_of(join, index, entry, 0, false);
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

void ended_join(struct join_sockets *join, uint32_t index)
{
	struct ledger *ledger = join->audit->members->items[index].ledger;

	if (ledger->header.state == LEDGER_EXEC)
		return; /* what became of its sockets after the exec() nobody wrote down */
	if (ledger->header.filtered == LEDGER_FILTERED_STOPPED) {
		audit_remark(join->audit, arena_printf(join->audit->arena,
						       "process %" PRIu32
						       " was not recorded to its end: it forbade "
						       "itself the system calls or the "
						       "cycle counter that recording needs",
						       join->audit->members->items[index].pid));
		return;
	}
	if (ledger->snapshot_count)
		qsort(ledger->snapshots, ledger->snapshot_count, sizeof(*ledger->snapshots),
		      snapshot_compare);
	for (size_t i = 0; i < ledger->slot_count; i++)
		if (LIFE_PHASE(ledger->slots[i].slot.life) != PHASE_GONE)
			slot_join_ended(join, index, &ledger->slots[i]);
}
