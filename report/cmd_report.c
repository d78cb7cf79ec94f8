/* SPDX-License-Identifier: MIT */
/* sockaudit report: what leaks, and at which line. */
#include "command.h"

#include "output.h"
#include "progress.h"

#include <stdio.h>

int cmd_report(const struct options *options)
{
	struct analysis_settings settings = {
		.members = { .targets = options->targets, .no_children = options->no_children },
		.sockets = options->sockets,
		.states = options->states,
	};
	struct analysis analysis = { .trouble = NULL };
	struct arena words = { NULL };
	const char *trouble = NULL;
	int error = output_check(&words, options, &trouble);

	options_analysis(options, &settings);
	if (!error) {
		progress_begin();
		error = analysis_make(&settings, &analysis);
		progress_end();
		trouble = analysis.trouble;
	}
	if (!error)
		error = output_write(&words, options, &analysis.report, &trouble);
	if (error)
		fprintf(stderr, "sockaudit: %s\n", trouble);
	analysis_free(&analysis);
	arena_free(&words);
	return error ? EXIT_TROUBLE : EXIT_CLEAN;
}
