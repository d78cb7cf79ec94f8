/* SPDX-License-Identifier: MIT */
/* sockaudit run: a command under the library, watched while it runs, reported on at its end. */
#include "command.h"

#include "escape.h"
#include "join_samples.h"
#include "output.h"
#include "progress.h"
#include "run_child.h"
#include "run_marks.h"
#include "run_stage.h"
#include "suppressions.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127 }; /* as every shell has it */

/* Asking must not slow the command: it has at most this part of a processor. */
#define SAMPLING_PART  20
#define SAMPLING_FIRST 100 /* ms: short programs are killed, too */

struct run {
	const struct options *options;
	struct arena arena;
	struct run_stage stage;
	struct run_child child;
	struct run_facts facts;
	struct samples *samples;
	struct run_marks *marks;
};

/* Of our own: a busy machine makes it no dearer. */
static uint64_t used_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

static void command_follow(struct run *run)
{
	unsigned interval = run->options->interval_ms,
		 wait = interval < SAMPLING_FIRST ? interval : SAMPLING_FIRST;

	while (!run->child.ended) {
		run_child_wait(&run->child, interval ? wait : 3600000);
		if (run->child.ended || !interval)
			continue;
		uint64_t began = used_ms();
		samples_take(run->samples);
		uint64_t cost = (used_ms() - began) * SAMPLING_PART;
		wait = cost > interval ? (unsigned)cost : interval;
	}
	run->facts.ended_at = clock_pair_now().cycles;
	run->facts.status = run->child.status;
}

static bool is_required(const struct options *options, const struct absent *absent)
{
	const char *slash = strrchr(absent->path, '/'), *name = slash ? slash + 1 : absent->path;

	if (absent->is_command || options->strict)
		return true;
	for (const char **glob = options->required; *glob; glob++)
		if (!fnmatch(*glob, name, 0) || !fnmatch(*glob, absent->path, 0))
			return true;
	return false;
}

/* The first program that had to be audited and was not; NULL: none. */
static const struct absent *lacking(const struct run *run)
{
	const struct attendance *attendance = &run->facts.attendance;

	for (size_t i = 0; i < attendance->absent_count; i++)
		if (is_required(run->options, &attendance->absent[i]))
			return &attendance->absent[i];
	return NULL;
}

static uint64_t errors_in(const struct report *report)
{
	uint64_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		count += rules[report->findings[i].rule].severity == SEVERITY_ERROR &&
			 report->findings[i].status == STATUS_NEW;
	return count;
}

/* What the gate says of a command that succeeded. */
static int verdict(const struct run *run, const struct report *report)
{
	if (!run->options->gated)
		return EXIT_CLEAN;
	if (report->gating)
		return (int)run->options->exitcode;
	return (run->options->strict && suppressions_unused(report)) || lacking(run) ? EXIT_TROUBLE
										     : EXIT_CLEAN;
}

/* A suite that is clean without marks: its interpreter tidies up. */
static bool is_pytest(const char **command)
{
	for (; *command; command++) {
		const char *slash = strrchr(*command, '/');
		if (!strncmp(slash ? slash + 1 : *command, "pytest", 6) ||
		    !strncmp(slash ? slash + 1 : *command, "py.test", 7))
			return true;
	}
	return false;
}

/* The words for it, below the report. */
static void verdict_say(const struct run *run, const struct report *report)
{
	const struct absent *absent = lacking(run);

	if (!report->mark_count && is_pytest(run->options->targets))
		fputs("sockaudit: no test told its name, and Python closes at its end what tests "
		      "left open: copy tests/examples/conftest.py beside your tests\n",
		      stderr);
	if (!run->options->gated && errors_in(report))
		fputs("sockaudit: not gating: add --gate\n", stderr);
	if (run->options->strict)
		suppressions_complain(report);
	if (!run->options->gated || report->gating || !absent)
		return;
	char *path = escape_terminal(absent->path);
	fprintf(stderr, "sockaudit: cannot gate: %s was not audited: %s\n", path ? path : "?",
		absent->reason);
	free(path);
}

/* A command that failed tells it itself, whatever we found. */
static int run_exit(const struct run *run, int status)
{
	int command = run->child.status;

	if (WIFSIGNALED(command))
		return 128 + WTERMSIG(command);
	return WEXITSTATUS(command) ? WEXITSTATUS(command) : status;
}

static int report_make(struct run *run, int *status)
{
	const char *const targets[] = { run->stage.folder, NULL };
	struct analysis_settings settings = {
		.members = { .targets = targets },
		.run = &run->facts,
	};
	struct analysis analysis = { .trouble = NULL };
	const char *trouble = NULL;

	options_analysis(run->options, &settings);
	if (!run->options->gated) /* nothing gates unasked */
		memset(settings.gates, 0, sizeof(settings.gates));
	if (attendance_read(&run->arena, run->stage.attendance, (uint32_t)run->child.pid,
			    run->options->targets[0], &run->facts.attendance))
		trouble = "cannot read who was there: the run's folder was changed meanwhile";
	progress_begin();
	int error = trouble ? -EIO : analysis_make(&settings, &analysis);
	progress_end();
	if (error && !trouble)
		trouble = analysis.trouble;
	if (!error)
		*status = verdict(run, &analysis.report);
	analysis.report.exit_status = run_exit(run, *status);
	if (!error)
		error = output_write(&run->arena, run->options, &analysis.report, &trouble);
	if (error)
		fprintf(stderr, "sockaudit: %s\n", trouble);
	else
		verdict_say(run, &analysis.report);
	analysis_free(&analysis);
	return error;
}

static int command_start(struct run *run)
{
	bool exec_failed;
	int error = run_child_start(&run->child, (char *const *)run->options->targets,
				    run->stage.environment, &exec_failed);

	if (!error)
		return 0;
	char *name = escape_terminal(run->options->targets[0]);
	fprintf(stderr, "sockaudit: cannot run '%s': %s\n", name ? name : "?", strerror(error));
	free(name);
	if (!exec_failed)
		return EXIT_RUN_TROUBLE;
	return error == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}

/* Known before the command is started: what takes an hour is not to fail at its end. */
static int inputs_check(struct arena *arena, const struct options *options, const char **trouble)
{
	const char *missing = NULL;

	if (options->baseline && !options->update_baseline && access(options->baseline, R_OK))
		missing = options->baseline;
	for (size_t i = 0; !missing && options->suppressions[i]; i++)
		if (access(options->suppressions[i], R_OK))
			missing = options->suppressions[i];
	if (!missing)
		return 0;
	int error = errno;
	*trouble = arena_printf(arena, "cannot read '%s': %s", missing, strerror(error));
	return -error;
}

static void put_away(void *with)
{
	const struct run *run = with;

	if (!run->options->keep)
		run_stage_strike(&run->stage);
}

static int run_all(struct run *run, const struct run_wishes *wishes)
{
	const char *trouble = NULL;
	int status = EXIT_CLEAN;

	run_child_prepare(&run->child);
	if (output_check(&run->arena, run->options, &trouble) ||
	    inputs_check(&run->arena, run->options, &trouble) ||
	    run_stage_set(&run->arena, wishes, &run->stage, &trouble)) {
		fprintf(stderr, "sockaudit run: %s\n", trouble);
		return EXIT_RUN_TROUBLE;
	}
	run->samples = samples_new(run->stage.folder);
	run->facts.samples = run->samples;
	run->marks = run_marks_watch(run->stage.marks);
	status = command_start(run);
	if (status) {
		run_marks_finish(run->marks);
		return status;
	}
	run->facts.pid = run->child.pid;
	command_follow(run);
	run_marks_finish(run->marks);
	run->marks = NULL;
	run_child_interruptible(put_away, run);
	if (report_make(run, &status))
		status = EXIT_RUN_TROUBLE;
	if (run->options->keep)
		fprintf(stderr, "sockaudit: the ledgers are in %s\n", run->stage.folder);
	return status;
}

int cmd_run(const struct options *options)
{
	struct options mine = *options;
	struct run run = { .options = &mine };
	struct run_wishes wishes = { .folder =
					     options->keep && *options->keep ? options->keep : NULL,
				     .library = options->library };

	if (!options->targets[0]) {
		fputs("sockaudit run: which command? as in: sockaudit run -- ./server --port 80\n",
		      stderr);
		return EXIT_RUN_TROUBLE;
	}
	mine.to_stderr = true;
	mine.stacks_command = "sockaudit run --stacks -- COMMAND";
	int status = run_all(&run, &wishes);
	put_away(&run);
	samples_free(run.samples);
	arena_free(&run.arena);
	fflush(NULL);
	/* A command that failed tells it itself, whatever we found. */
	if (run.child.ended && (!WIFEXITED(run.child.status) || WEXITSTATUS(run.child.status)))
		return run_child_status(&run.child);
	return status;
}
