/* SPDX-License-Identifier: MIT */
#include "children.h"
#include "hooks_sharing.h"
#include <sockaudit/cycles.h>

void children_note(uint32_t pid, enum call call, stack_id stack, uint64_t at)
{
	int64_t place = ledger_file_next(SECTION_FORKS);

	if (place < 0)
		return;
	struct ledger_fork *fork = &ledger->forks[place];
	struct ledger_stack *record = stacks_record(stack);
	/* Partner: the reader, which takes a record without a time for none. */
	__atomic_store_n(&fork->at, 0, __ATOMIC_RELEASE);
	fork->pid = pid;
	fork->stack = stack;
	fork->call = (uint8_t)call;
	__atomic_store_n(&fork->at, at, __ATOMIC_RELEASE);
	if (record)
		__atomic_fetch_add(&record->forks, 1, __ATOMIC_RELAXED);
}

/* A child of vfork() nearly always becomes another program, which holds what is not close-on-exec.
 */
bool children_may_hold(const struct ledger_slot *slot, uint64_t *since)
{
	/* From the ledger, which is shared: memory of our own would be copied at each fork. */
	const struct ledger_header *header = ledger->header;
	const struct ledger_fork *all = ledger->forks;

	*since = 0;
	if (!header || !all)
		return false;
	const struct ledger_section *table = &header->sections[SECTION_FORKS];
	uint32_t forks = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
	uint64_t last = forks ? all[(forks - 1) % table->capacity].at : 0;

	*since = last;
	return slot->opened_at < last || (sharing_seen && !(slot->flags & SOCKET_CLOEXEC));
}

void children_note_closed(int fd, const struct ledger_slot *slot, enum call call, stack_id stack)
{
	uint64_t since;

	if (!children_may_hold(slot, &since) || !slot->cookie)
		return;
	int64_t place = ledger_file_next(SECTION_CLOSED);
	if (place < 0)
		return;
	struct ledger_closed *closed = &ledger->closed[place];
	/* Partner: the reader, which takes a record without a time for none. */
	__atomic_store_n(&closed->closed_at, 0, __ATOMIC_RELEASE);
	closed->opened_at = slot->opened_at;
	closed->cookie = slot->cookie;
	closed->last_receive = slot->last_receive;
	closed->last_send = slot->last_send;
	closed->connect_at = slot->connect_at;
	closed->opened_stack = slot->opened_stack;
	closed->closed_stack = stack;
	closed->connect_stack = slot->connect_stack;
	closed->flags = slot->flags;
	closed->fd = fd;
	closed->family = slot->family;
	closed->type = slot->type;
	closed->origin = slot->origin;
	closed->opened_call = slot->opened_call;
	closed->closed_call = (uint8_t)call;
	closed->connect_call = slot->connect_call;
	closed->last_receive_call = slot->last_receive_call;
	closed->last_send_call = slot->last_send_call;
	closed->local = slot->local;
	closed->peer = slot->peer;
	__atomic_store_n(&closed->closed_at, cycles_now(), __ATOMIC_RELEASE);
}
