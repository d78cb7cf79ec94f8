/* SPDX-License-Identifier: MIT */
/* From ledgers made by hand to a report; see build_analysis.h. */
#include "build_analysis.h"

#include <string.h>

int build_analysis(const struct build *builds, size_t count, long grace_ms,
		   struct analysis *analysis)
{
	struct analysis_settings settings = { .grace = { grace_ms >= 0,
							 grace_ms < 0 ? 0 : (uint64_t)grace_ms },
					      .sockets = true };
	const char *unknown;
	int length;

	memset(analysis, 0, sizeof(*analysis));
	gates_parse(NULL, settings.gates, &unknown, &length);
	analysis->members.items = arena_array(&analysis->arena, count, sizeof(struct member));
	for (size_t i = 0; i < count; i++) {
		struct member *member = &analysis->members.items[analysis->members.count];
		int error = ledger_read_bytes(&analysis->arena, builds[i].bytes, builds[i].size,
					      &member->ledger, &analysis->trouble);
		if (error)
			return error;
		const struct ledger_header *header = &member->ledger->header;
		member->pid = header->pid;
		member->start_ticks = header->start_ticks;
		member->ppid = header->fork_pid ? header->fork_pid : header->ppid;
		member->sequence = header->sequence;
		member->comm = header->comm;
		member->path = "(memory)";
		member->root = "";
		member->inode = i + 1;
		member->ledger_state = header->state;
		analysis->members.count++;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			if (analysis->members.items[i].pid == analysis->members.items[j].pid &&
			    analysis->members.items[i].sequence <
				    analysis->members.items[j].sequence)
				analysis->members.items[i].superseded = true;
	analysis_of_members(&settings, analysis);
	return 0;
}

const struct finding *build_finding(const struct analysis *analysis, enum finding_rule rule)
{
	for (size_t i = 0; i < analysis->report.finding_count; i++)
		if (analysis->report.findings[i].rule == rule)
			return &analysis->report.findings[i];
	return NULL;
}
