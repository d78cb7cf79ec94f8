/* SPDX-License-Identifier: MIT */
/* The site: the one line of a stack, and of a finding, that a person should open first. */
#include "model.h"

/* The first frame of the program's own; NULL when there is none. */
static const struct frame *own_frame(const struct stack *stack)
{
	for (size_t i = 0; stack && i < stack->count; i++) {
		if (!stack->frames[i].system)
			return &stack->frames[i];
	}
	return NULL;
}

const struct frame *stack_site(const struct stack *stack)
{
	const struct frame *own = own_frame(stack);
	if (own)
		return own;
	return stack && stack->count ? &stack->frames[0] : NULL;
}

const struct place *finding_second_place(const struct finding *finding)
{
	return finding->rule == RULE_HELD_BY_CHILD  ? &finding->fork
	       : finding->rule == RULE_HELD_BY_COPY ? &finding->closed
	       : finding->rule == RULE_CHURN	    ? &finding->closed
						    : &finding->evidence;
}

const struct stack *finding_site_stack(const struct finding *finding)
{
	/* Where the end was seen is where the close() is missing; the place of opening is the next
	 * best, and the better one when a library's own thread saw the end. */
	const struct place *places[] = { &finding->fork, &finding->evidence, &finding->opened,
					 &finding->closed };
	const struct stack *fallback = NULL;
	/* It is the close() that matters. */
	if (finding->rule == RULE_CHURN && finding->closed.call)
		return finding->closed.stack;
	/* The call that got no descriptor is the victim; who holds the most owes an answer. */
	if (finding->rule == RULE_RUNNING_OUT) {
		places[0] = &finding->opened;
		places[2] = &finding->fork;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const struct stack *stack = places[i]->call ? places[i]->stack : NULL;
		if (own_frame(stack))
			return stack;
		if (!fallback && stack && stack->count)
			fallback = stack;
	}
	return fallback;
}

const struct frame *finding_site(const struct finding *finding)
{
	return stack_site(finding_site_stack(finding));
}

bool process_is_unrecorded(const struct process *process)
{
	return process->audited && !process->ledger && !process->explained &&
	       process->state == PROCESS_RUNNING && process->close_wait_unexplained;
}
