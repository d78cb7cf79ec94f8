/* SPDX-License-Identifier: MIT */
/* What a ledger's records refer to, checked once all of it is read: a reference that leads nowhere
 * becomes "no stack". */
#include "ledger_check.h"

#include <sockaudit/verdict.h>
#include <string.h>

static stack_id stack_check(struct ledger *ledger, stack_id stack)
{
	if (stack < ledger->stack_count)
		return stack;
	ledger->astray++;
	return 0;
}

static void slots_check(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->slot_count; i++) {
		struct ledger_slot *slot = &ledger->slots[i].slot;
		stack_id *stacks[] = { &slot->opened_stack,   &slot->connect_stack,
				       &slot->eof_stack,      &slot->error_stack,
				       &slot->shutdown_stack, &slot->told_stack,
				       &slot->closed_stack };
		for (size_t j = 0; j < sizeof(stacks) / sizeof(*stacks); j++)
			*stacks[j] = stack_check(ledger, *stacks[j]);
		if (ASIDE_STACK(slot) && !stack_check(ledger, ASIDE_STACK(slot)))
			memset(slot->aside_stack, 0, sizeof(slot->aside_stack));
		verdict_drop_strangers(slot);
	}
}

static void stacks_check(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->stack_count; i++) {
		struct ledger_stack *stack = &ledger->stacks[i];
		if (stack->frame_count > LEDGER_FRAMES_MAX || stack->frames > ledger->frame_count ||
		    stack->frame_count > ledger->frame_count - stack->frames) {
			stack->frames = stack->frame_count = 0;
			ledger->astray++;
		}
		for (int j = 0; j < LEDGER_CLOSERS; j++)
			stack->closers[j].stack = stack_check(ledger, stack->closers[j].stack);
	}
	for (uint32_t i = 0; i < ledger->misuse_count; i++) {
		struct ledger_misuse *misuse = &ledger->misuses[i];
		misuse->stack = stack_check(ledger, misuse->stack);
		misuse->opened_stack = stack_check(ledger, misuse->opened_stack);
		misuse->closed_stack = stack_check(ledger, misuse->closed_stack);
	}
	for (uint32_t i = 0; i < ledger->module_count; i++)
		if (ledger->modules[i].build_id_size > sizeof(ledger->modules[i].build_id))
			ledger->modules[i].build_id_size = 0;
}

static void rings_check(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->fork_count; i++)
		ledger->forks[i].stack = stack_check(ledger, ledger->forks[i].stack);
	for (uint32_t i = 0; i < ledger->closed_count; i++) {
		struct ledger_closed *closed = &ledger->closed[i];
		closed->opened_stack = stack_check(ledger, closed->opened_stack);
		closed->closed_stack = stack_check(ledger, closed->closed_stack);
		closed->connect_stack = stack_check(ledger, closed->connect_stack);
	}
	for (uint32_t i = 0; i < ledger->ending_count; i++) {
		struct ledger_ending *ending = &ledger->endings[i];
		ending->opened_stack = stack_check(ledger, ending->opened_stack);
		ending->closed_stack = stack_check(ledger, ending->closed_stack);
	}
	ledger->header.fork_stack = stack_check(ledger, ledger->header.fork_stack);
	for (int i = 0; i < REFUSED_KINDS; i++)
		ledger->header.refusals[i].stack =
			stack_check(ledger, ledger->header.refusals[i].stack);
}

void ledger_references_check(struct ledger *ledger)
{
	stacks_check(ledger);
	slots_check(ledger);
	rings_check(ledger);
}
