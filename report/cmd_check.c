/* SPDX-License-Identifier: MIT */
/* sockaudit check: the same as report, as a gate. */
#include "command.h"

#include "output.h"
#include "progress.h"
#include "suppressions.h"

#include <inttypes.h>
#include <stdio.h>

/* The first process that was asked for by its pid and has no auditor; NULL: none. */
static const struct member *unaudited(const struct members *members)
{
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].named && members->items[i].unaudited)
			return &members->items[i];
	return NULL;
}

/* A running process that has the library and keeps no ledger, while the kernel shows what ours
 * would have to explain; NULL: none. */
static const struct process *unrecorded(const struct report *report)
{
	for (size_t i = 0; i < report->process_count; i++)
		if (process_is_unrecorded(&report->processes[i]))
			return &report->processes[i];
	return NULL;
}

/* What the gate will say of it. */
static int verdict(const struct options *options, const struct analysis *analysis)
{
	if (analysis->report.gating)
		return EXIT_FINDINGS;
	if (options->strict && suppressions_unused(&analysis->report))
		return EXIT_TROUBLE;
	return unrecorded(&analysis->report) || unaudited(&analysis->members) ? EXIT_TROUBLE
									      : EXIT_CLEAN;
}

int cmd_check(const struct options *options)
{
	struct analysis_settings settings = {
		.members = { .targets = options->targets, .no_children = options->no_children },
	};
	struct analysis analysis = { .trouble = NULL };
	struct arena words = { NULL };
	const char *trouble = NULL;
	int status = EXIT_TROUBLE, error = output_check(&words, options, &trouble);

	options_analysis(options, &settings);
	if (!error) {
		progress_begin();
		error = analysis_make(&settings, &analysis);
		progress_end();
		trouble = analysis.trouble;
	}
	if (!error)
		analysis.report.exit_status = verdict(options, &analysis);
	if (!error)
		error = output_write(&words, options, &analysis.report, &trouble);
	if (error) {
		fprintf(stderr, "sockaudit: %s\n", trouble);
	} else if (analysis.report.gating) {
		status = EXIT_FINDINGS;
	} else if (options->strict && suppressions_unused(&analysis.report)) {
		suppressions_complain(&analysis.report);
		status = EXIT_TROUBLE;
	} else {
		const struct member *member = unaudited(&analysis.members);
		const struct process *silent = unrecorded(&analysis.report);
		if (silent)
			fprintf(stderr,
				"sockaudit: cannot check process %" PRIu32
				": nothing is recorded of it, and it holds sockets in CLOSE_WAIT; "
				"either its SOCKAUDIT_OPTIONS (enabled=0, only=, dir=) forbid it, "
				"or it opens them behind libc, as Go and io_uring do\n",
				silent->pid);
		else if (member)
			fprintf(stderr,
				"sockaudit: cannot check process %" PRIu32 ": not audited (%s)\n",
				member->pid, member->unaudited);
		else
			status = EXIT_CLEAN;
	}
	analysis_free(&analysis);
	arena_free(&words);
	return status;
}
