/* SPDX-License-Identifier: MIT */
/* sockaudit diff: what came and what went between two reports. */
#include "command.h"

#include "diff.h"
#include "escape.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_json(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	return text[strspn(text, " \t\r\n")] == '{';
}

/* A JSON report, or whatever `report` takes. */
static int side_read(struct arena *arena, const struct options *options, const char *target,
		     struct diff_side *side, const char **trouble)
{
	if (is_json(target))
		return diff_side_of_json(arena, target, side, trouble);
	const char *const targets[] = { target, NULL };
	struct analysis_settings settings = { .members = { .targets = targets } };
	struct analysis analysis = { .trouble = NULL };

	options_analysis(options, &settings);
	progress_begin();
	int error = analysis_make(&settings, &analysis);
	progress_end();
	if (error)
		*trouble = arena_copy(arena, analysis.trouble);
	else
		diff_side_of_report(arena, &analysis.report, side);
	side->name = target;
	analysis_free(&analysis);
	return error;
}

static void text_write(const struct diff_row *rows, size_t count, FILE *out)
{
	size_t sums[DIFF_KINDS] = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct diff_row *row = &rows[i];
		const char *unit = row->finding.calls ? "call" : "socket";
		char *site = escape_terminal(row->finding.site);
		sums[row->kind]++;
		if (row->kind == DIFF_SAME) {
			free(site);
			continue;
		}
		fprintf(out, "%-6s %s, ", diff_names[row->kind], row->finding.rule);
		if (row->kind == DIFF_MORE || row->kind == DIFF_FEWER)
			fprintf(out, "%" PRIu64 " -> ", row->before);
		uint64_t shown = row->kind == DIFF_FIXED ? row->before : row->after;
		fprintf(out, "%" PRIu64 " %s%s at %s\n", shown, unit, shown == 1 ? "" : "s",
			site ? site : "?");
		free(site);
	}
	for (int kind = 0; kind < DIFF_KINDS; kind++)
		fprintf(out, "%s%zu %s", kind ? ", " : "", sums[kind], diff_names[kind]);
	fputc('\n', out);
}

static int json_write(const struct diff_side sides[2], const struct diff_row *rows, size_t count,
		      FILE *out)
{
	char *before = escape_utf8(sides[0].name), *after = escape_utf8(sides[1].name);
	json_t *root = json_pack("{s:s, s:s, s:s, s:[]}", "schema", "sockaudit-diff/1", "before",
				 before ? before : "?", "after", after ? after : "?", "findings");
	int failed = !root;

	free(before);
	free(after);
	for (size_t i = 0; i < count && !failed; i++) {
		const struct diff_row *row = &rows[i];
		char *site = escape_utf8(row->finding.site);
		failed = !site ||
			 json_array_append_new(json_object_get(root, "findings"),
					       json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "change",
							 diff_names[row->kind], "rule",
							 row->finding.rule, "site", site,
							 "fingerprint", row->finding.fingerprint,
							 "before", (json_int_t)row->before, "after",
							 (json_int_t)row->after));
		free(site);
	}
	failed = failed || json_dumpf(root, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) ||
		 fputc('\n', out) == EOF;
	json_decref(root);
	return failed ? -EIO : 0;
}

static int diff_write(const struct options *options, const struct diff_side sides[2],
		      const struct diff_row *rows, size_t count)
{
	FILE *out = options->output ? fopen(options->output, "we") : stdout;
	int error = out ? 0 : -errno;

	if (!error && !strcmp(options->format, "json"))
		error = json_write(sides, rows, count, out);
	else if (!error)
		text_write(rows, count, out);
	if (!error && (fflush(out) || ferror(out)))
		error = -EIO;
	if (out && options->output && fclose(out) && !error)
		error = -errno;
	return error;
}

int cmd_diff(const struct options *options)
{
	struct arena arena = { NULL };
	struct diff_side sides[2] = { { .name = NULL } };
	const char *trouble = NULL;
	size_t count = 0;
	int error = 0;

	if (!options->targets[0] || !options->targets[1] || options->targets[2]) {
		trouble = "diff takes two reports, as in: sockaudit diff before.json after.json";
		error = -EINVAL;
	} else if (strcmp(options->format, "text") && strcmp(options->format, "json")) {
		trouble = arena_printf(&arena, "--format: diff writes text or json, not '%s'",
				       options->format);
		error = -EINVAL;
	}
	for (int i = 0; i < 2 && !error; i++)
		error = side_read(&arena, options, options->targets[i], &sides[i], &trouble);
	if (!error) {
		struct diff_row *rows = diff_make(&arena, &sides[0], &sides[1], &count);
		error = diff_write(options, sides, rows, count);
		if (error)
			trouble = arena_printf(&arena, "cannot write the comparison: %s",
					       strerror(-error));
	}
	if (error)
		fprintf(stderr, "sockaudit: %s\n", trouble);
	arena_free(&arena);
	return error ? EXIT_TROUBLE : EXIT_CLEAN;
}
