/* SPDX-License-Identifier: MIT */
/* The options of all commands; see options.h. To add one: its id, a row of the table, a case in
 * option_apply(). */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
	OPTION_GRACE,
	OPTION_GATE,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	OPTION_NO_CHILDREN,
	OPTION_COLOR,
	OPTION_STACKS,
	OPTION_SOURCE_ROOT,
	OPTION_REPRODUCIBLE,
	OPTION_ALL,
	OPTION_DRY_RUN,
	OPTION_BY,
	OPTION_ALL_NAMESPACES,
	OPTION_FROM,
	OPTION_WATCH,
	OPTION_EXPLAIN,
	OPTION_HELP,
	OPTION_VERSION,
};

enum argument { WITHOUT, REQUIRED, OPTIONAL };

static const struct option_row {
	enum option_id id;
	unsigned commands;
	const char *name;
	enum argument takes;
	const char *argument;
	const char *line;
} rows[] = {
	{ OPTION_GRACE, FOR_REPORT | FOR_CHECK, "--grace", REQUIRED, "MS",
	  "how long a socket may stay open after its end; 0 waits for nothing; while it runs, ten "
	  "times that for a request not yet answered (default: the program's own grace=, else "
	  "60000 while it runs, and after its end 1000, or two sockets opened since)" },
	{ OPTION_GATE, FOR_REPORT | FOR_CHECK, "--gate", OPTIONAL, "RULE,...",
	  "the rules that gate (default: every rule of severity error)" },
	{ OPTION_FORMAT, FOR_REPORT | FOR_CHECK | FOR_STATES, "--format", REQUIRED, "NAME[:FILE],...",
	  "text or json, several at once when they go to files (default: text)" },
	{ OPTION_OUTPUT, FOR_REPORT | FOR_CHECK | FOR_STATES, "--output", REQUIRED, "FILE",
	  "write there what has no file of its own (default: standard output)" },
	{ OPTION_NO_CHILDREN, FOR_REPORT | FOR_CHECK | FOR_LIST, "--no-children", WITHOUT, NULL,
	  "a PID without its descendants (default: with them)" },
	{ OPTION_STACKS, FOR_REPORT | FOR_CHECK, "--stacks", WITHOUT, NULL,
	  "text: whole stacks (default: the places)" },
	{ OPTION_SOURCE_ROOT, FOR_REPORT | FOR_CHECK, "--source-root", REQUIRED, "FOLDER",
	  "quote lines of source from regular files below it; may be repeated (default: the top of "
	  "the git working tree, else the current folder; never /)" },
	{ OPTION_REPRODUCIBLE, FOR_REPORT | FOR_CHECK | FOR_STATES, "--reproducible", WITHOUT, NULL,
	  "leave out times, pids and host (default: off)" },
	{ OPTION_COLOR, FOR_REPORT | FOR_CHECK | FOR_STATES, "--color", REQUIRED, "WHEN",
	  "auto, always or never (default: auto, on a terminal and without NO_COLOR)" },
	{ OPTION_ALL, FOR_LIST, "--all", WITHOUT, NULL,
	  "also the programs that a process was before an exec() (default: only what it became)" },
	{ OPTION_ALL, FOR_CLEAN, "--all", WITHOUT, NULL,
	  "every user's ledgers, as root (default: your own)" },
	{ OPTION_DRY_RUN, FOR_CLEAN, "--dry-run", WITHOUT, NULL,
	  "only say what would be removed (default: off)" },
	{ OPTION_BY, FOR_STATES, "--by", REQUIRED, "WHAT",
	  "where they pile up: process, local-port, peer (the remote address) or listener (the "
	  "listening socket that a connection came through)" },
	{ OPTION_ALL_NAMESPACES, FOR_STATES, "--all-namespaces", WITHOUT, NULL,
	  "of every network namespace that a process or /run/netns has, and which could not be "
	  "entered (default: this one)" },
	{ OPTION_FROM, FOR_STATES, "--from", REQUIRED, "FILE",
	  "what netstat, ss or an awk census printed, perhaps elsewhere; - is the standard input "
	  "(default: ask the kernel)" },
	{ OPTION_WATCH, FOR_STATES, "--watch", OPTIONAL, "SECONDS",
	  "again and again, with the change (default: once; without SECONDS every 2)" },
	{ OPTION_EXPLAIN, FOR_STATES, "--explain", OPTIONAL, "STATE",
	  "tell of all states, or of one: what waits for what, who moves next, which segment" },
	{ OPTION_HELP, ~0u, "--help", WITHOUT, NULL, "this text" },
	{ OPTION_VERSION, ~0u, "--version", WITHOUT, NULL, "the version" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

/* How many single letters are to be inserted, removed, changed or swapped. */
static size_t edit_distance(const char *a, const char *b)
{
	enum { MOST = 40 };
	size_t distance[MOST + 1][MOST + 1], m = strlen(a), n = strlen(b);

	if (m > MOST || n > MOST)
		return MOST;
	for (size_t i = 0; i <= m; i++)
		distance[i][0] = i;
	for (size_t j = 0; j <= n; j++)
		distance[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			size_t best = distance[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (distance[i - 1][j] + 1 < best)
				best = distance[i - 1][j] + 1;
			if (distance[i][j - 1] + 1 < best)
				best = distance[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    distance[i - 2][j - 2] + 1 < best)
				best = distance[i - 2][j - 2] + 1;
			distance[i][j] = best;
		}
	}
	return distance[m][n];
}

const char *options_suggest(const char *wrong, const char *const *names)
{
	size_t allowed = strlen(wrong) / 3 > 1 ? strlen(wrong) / 3 : 1, least = allowed + 1;
	const char *best = NULL;

	for (; *names; names++) {
		/* A beginning is as good as a slip. */
		size_t distance = strlen(wrong) > 3 && !strncmp(*names, wrong, strlen(wrong))
					  ? 0
					  : edit_distance(wrong, *names);
		if (distance < least) {
			least = distance;
			best = *names;
		}
	}
	return best;
}

static const struct option_row *row_find(enum command_id command, const char *name, size_t length)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if ((rows[i].commands & command) && strlen(rows[i].name) == length &&
		    !strncmp(rows[i].name, name, length))
			return &rows[i];
	return NULL;
}

static int unknown_option(struct arena *arena, enum command_id command, const char *text,
			  size_t length, const char **trouble)
{
	const char *names[ROW_COUNT + 1], *wrong = arena_printf(arena, "%.*s", (int)length, text);
	size_t count = 0;

	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].commands & command)
			names[count++] = rows[i].name;
	names[count] = NULL;
	const char *meant = options_suggest(wrong, names);
	*trouble =
		meant ? arena_printf(arena, "unknown option '%s'; did you mean '%s'?", wrong, meant)
		      : arena_printf(arena, "unknown option '%s'; see --help", wrong);
	return -EINVAL;
}

static int grace_parse(struct arena *arena, const char *value, struct grace *grace,
		       const char **trouble)
{
	char *end;

	errno = 0;
	unsigned long long ms = strtoull(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno) {
		*trouble = arena_printf(
			arena, "--grace takes milliseconds, as in --grace 5000, not '%s'", value);
		return -EINVAL;
	}
	*grace = (struct grace){ .given = true, .ms = ms };
	return 0;
}

static int gate_check(struct arena *arena, const char *value, struct options *options,
		      const char **trouble)
{
	const char *unknown, *names[RULE_COUNT + 1];
	int length;

	if (value && !*value) {
		*trouble =
			"--gate= names no rule; leave out the '=' for every rule of severity error";
		return -EINVAL;
	}
	if (gates_parse(value, options->gates, &unknown, &length))
		return 0;
	for (int i = 0; i < RULE_COUNT; i++)
		names[i] = rules[i].name;
	names[RULE_COUNT] = NULL;
	const char *wrong = arena_printf(arena, "%.*s", length, unknown),
		   *meant = options_suggest(wrong, names);
	if (meant) {
		*trouble = arena_printf(arena, "--gate: unknown rule '%s'; did you mean '%s'?",
					wrong, meant);
		return -EINVAL;
	}
	char *all = "";
	for (int i = 0; i < RULE_COUNT; i++)
		all = arena_printf(arena, "%s%s%s", all, i ? ", " : "", rules[i].name);
	*trouble = arena_printf(arena, "--gate: unknown rule '%s'; there are %s", wrong, all);
	return -EINVAL;
}

static int colour_parse(struct arena *arena, const char *value, enum colour *colour,
			const char **trouble)
{
	static const char *const names[] = { "auto", "always", "never" };

	for (int i = 0; i < 3; i++) {
		if (!strcmp(names[i], value)) {
			*colour = (enum colour)i;
			return 0;
		}
	}
	*trouble = arena_printf(arena, "--color takes auto, always or never, not '%s'", value);
	return -EINVAL;
}

static int option_apply(struct arena *arena, enum option_id id, const char *value,
			struct options *options, const char **trouble)
{
	size_t count = 0;

	switch (id) {
	case OPTION_GRACE:
		return grace_parse(arena, value, &options->grace, trouble);
	case OPTION_GATE:
		options->gate = value;
		return gate_check(arena, value, options, trouble);
	case OPTION_FORMAT:
		options->format = value;
		return 0;
	case OPTION_OUTPUT:
		options->output = value;
		return 0;
	case OPTION_NO_CHILDREN:
		options->no_children = true;
		return 0;
	case OPTION_COLOR:
		return colour_parse(arena, value, &options->colour, trouble);
	case OPTION_STACKS:
		options->stacks = true;
		return 0;
	case OPTION_SOURCE_ROOT:
		while (options->source_roots[count])
			count++;
		options->source_roots[count] = value;
		return 0;
	case OPTION_REPRODUCIBLE:
		options->reproducible = true;
		return 0;
	case OPTION_ALL:
		options->all = true;
		return 0;
	case OPTION_DRY_RUN:
		options->dry_run = true;
		return 0;
	case OPTION_BY:
		options->by = value;
		return 0;
	case OPTION_ALL_NAMESPACES:
		options->all_namespaces = true;
		return 0;
	case OPTION_FROM:
		options->from = value;
		return 0;
	case OPTION_WATCH:
		options->watch = value ? value : "";
		return 0;
	case OPTION_EXPLAIN:
		options->explain = true;
		options->explained = value;
		return 0;
	case OPTION_HELP:
		options->help = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	}
	return 0;
}

static int option_take(struct arena *arena, enum command_id command, char **argv, int *at,
		       struct options *options, const char **trouble)
{
	const char *text = argv[*at];
	size_t length = strcspn(text, "=");
	const char *value = text[length] ? text + length + 1 : NULL;
	const struct option_row *row = !strcmp(text, "-h") ? row_find(command, "--help", 6)
							   : row_find(command, text, length);

	if (!row)
		return unknown_option(arena, command, text, length, trouble);
	if (row->takes == REQUIRED && !value)
		value = argv[*at + 1] ? argv[++*at] : NULL;
	if ((row->takes == REQUIRED && (!value || !*value)) || (row->takes == WITHOUT && value)) {
		*trouble = row->takes == REQUIRED
				   ? arena_printf(arena, "option '%s' needs a value: %s %s",
						  row->name, row->name, row->argument)
				   : arena_printf(arena, "option '%s' takes no value", row->name);
		return -EINVAL;
	}
	return option_apply(arena, row->id, value, options, trouble);
}

int options_parse(struct arena *arena, enum command_id command, int argc, char **argv,
		  struct options *options, const char **trouble)
{
	bool ended = false;
	size_t targets = 0;
	const char *unknown;
	int length;

	*options = (struct options){ .format = "text" };
	options->source_roots = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	options->targets = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	gates_parse(NULL, options->gates, &unknown, &length);
	for (int i = 1; i < argc; i++) {
		int error = 0;
		if (!ended && !strcmp(argv[i], "--"))
			ended = true;
		else if (!ended && argv[i][0] == '-' && argv[i][1])
			error = option_take(arena, command, argv, &i, options, trouble);
		else
			options->targets[targets++] = argv[i];
		if (error)
			return error;
	}
	return 0;
}

/* Words of `text` from column `indent` on, in lines of at most 100 columns. */
static void words_print(const char *text, int column, int indent, FILE *out)
{
	for (const char *word = text; *word;) {
		int length = (int)strcspn(word, " ");
		if (column + 1 + length > 100) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		fprintf(out, "%s%.*s", column == indent ? "" : " ", length, word);
		column += length + (column != indent);
		word += length;
		word += *word == ' ';
	}
	fputc('\n', out);
}

void options_help(enum command_id command, FILE *out)
{
	const int indent = 30;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct option_row *row = &rows[i];
		char usage[64];
		if (!(row->commands & command))
			continue;
		snprintf(usage, sizeof(usage),
			 row->takes == OPTIONAL	  ? "%s[=%s]"
			 : row->takes == REQUIRED ? "%s %s"
						  : "%s",
			 row->name, row->argument);
		fprintf(out, "  %-*s", indent - 2, usage);
		int column = (int)strlen(usage) + 2;
		if (column >= indent) {
			fprintf(out, "\n%*s", indent, "");
		}
		words_print(row->line, indent, indent, out);
	}
}
