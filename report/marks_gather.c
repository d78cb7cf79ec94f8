/* SPDX-License-Identifier: MIT */
#include "marks_gather.h"

static bool of_ledger(struct marks *marks, const struct member *member)
{
	const struct ledger *ledger = member->ledger;
	const char *whole = ledger_string(ledger, ledger->header.mark);

	if (*whole)
		marks_add_process(marks, member->pid, whole);
	for (uint32_t i = 0; i < ledger->mark_count; i++)
		marks_add(marks, ledger_realtime(ledger, ledger->marks[i].at), member->pid,
			  ledger_string(ledger, ledger->marks[i].name));
	for (uint32_t i = 0; i < ledger->mark_count && ledger->header.lost[LOST_STRINGS]; i++)
		if (!ledger->marks[i].name)
			marks_lack_names(marks, member->pid);
	return *whole || ledger->mark_count;
}

struct marks *marks_gather(struct arena *arena, const char *const *targets,
			   const struct members *members, const struct run_facts *run)
{
	struct marks *marks = marks_new(arena);
	bool any = false;

	for (size_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		marks_add_parent(marks, member->pid, member->ppid);
		if (member->ledger)
			any |= of_ledger(marks, member);
	}
	for (; targets && *targets; targets++)
		any |= marks_read(marks, arena_printf(arena, "%s/marks", *targets));
	/* Between two that have ledgers may stand one that has none. */
	for (size_t i = 0; run && i < run->attendance.parent_count; i++)
		marks_add_parent(marks, run->attendance.parents[i].pid,
				 run->attendance.parents[i].ppid);
	marks_finish(marks);
	if (any)
		return marks;
	marks_free(marks);
	return NULL;
}
