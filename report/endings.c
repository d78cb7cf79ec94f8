/* SPDX-License-Identifier: MIT */
#include "endings.h"

static struct process_endings endings_of(const struct member *member, struct code *code)
{
	const struct ledger *ledger = member->ledger;
	struct process_endings endings = { .first = 0 };
	stack_id worst = 0;
	uint64_t most = 0;

	for (uint32_t i = 1; i < ledger->stack_count; i++) {
		const struct ledger_stack *stack = &ledger->stacks[i];
		endings.first += stack->closed_by_us_first;
		endings.by_peer += stack->closed_by_peer_first;
		endings.reset_unread += stack->resets_unread;
		endings.reset_linger += stack->resets_linger;
		endings.dead += stack->ended_dead;
		endings.unknown += stack->ended_unknown;
		if (stack->resets_unread > most) {
			most = stack->resets_unread;
			worst = i;
		}
	}
	if (!worst)
		return endings;
	const char *call = NULL;
	for (uint32_t i = 0; i < ledger->ending_count && !call; i++)
		if (ledger->endings[i].closed_stack == worst)
			call = ledger_call(ledger, ledger->endings[i].closed_call);
	endings.unread_at =
		code_place(code, call ? call : "close", 0, code_stack(code, member, worst));
	return endings;
}

void endings_fill(const struct audit *audit, struct code *code, struct report *report)
{
	const struct time_waits *waits = &audit->time_waits;
	struct process *process = report->processes;

	/* In the order of the members, as the balance made them. */
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		if (member->witness)
			continue;
		if (member->ledger)
			process->endings = endings_of(member, code);
		process++;
	}
	report->time_wait = (struct time_wait_sum){ waits->known, waits->kernel, waits->explained,
						    waits->kernel - waits->explained };
}
