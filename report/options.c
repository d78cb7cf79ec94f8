/* SPDX-License-Identifier: MIT */
/* The options of all commands; see options.h. To add one: its id, a row of the table, a case in
 * option_apply(). */
#include "options.h"

#include "cache_folder.h"
#include "render.h"
#include "state_names.h"

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
	OPTION_PATH_MAP,
	OPTION_SYMBOL_CACHE,
	OPTION_REPRODUCIBLE,
	OPTION_REDACT,
	OPTION_ALL,
	OPTION_SUPPRESSIONS,
	OPTION_PRINT_SUPPRESSIONS,
	OPTION_BASELINE,
	OPTION_UPDATE_BASELINE,
	OPTION_MAX,
	OPTION_REQUIRE,
	OPTION_STRICT,
	OPTION_EXITCODE,
	OPTION_INTERVAL,
	OPTION_KEEP,
	OPTION_LIBRARY,
	OPTION_DRY_RUN,
	OPTION_BY,
	OPTION_ALL_NAMESPACES,
	OPTION_FROM,
	OPTION_WATCH,
	OPTION_EXPLAIN,
	OPTION_SOCKETS,
	OPTION_STATE,
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
	{ OPTION_GRACE, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_DIFF | FOR_WATCH, "--grace",
	  REQUIRED, "MS",
	  "how long a socket may stay open after its end; 0 waits for nothing; while it runs, ten "
	  "times that for a request not yet answered (default: the program's own grace=, else "
	  "60000 while it runs, and after its end 1000, or two sockets opened since)" },
	{ OPTION_GATE, FOR_REPORT | FOR_CHECK | FOR_RUN, "--gate", OPTIONAL, "RULE,...",
	  "the rules that gate (default: every rule of severity error)" },
	{ OPTION_FORMAT, FOR_REPORT | FOR_CHECK | FOR_RUN, "--format", REQUIRED, "NAME[:FILE],...",
	  "%s; several at once when all but one have a FILE (default: text)" },
	{ OPTION_FORMAT, FOR_STATES, "--format", REQUIRED, "NAME[:FILE],...",
	  "text or json, both at once when one has a FILE (default: text)" },
	{ OPTION_FORMAT, FOR_DIFF, "--format", REQUIRED, "NAME", "text or json (default: text)" },
	{ OPTION_OUTPUT, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_STATES | FOR_DIFF, "--output",
	  REQUIRED, "FILE", "write there what has no file of its own (default: standard output)" },
	{ OPTION_NO_CHILDREN, FOR_REPORT | FOR_CHECK | FOR_LIST | FOR_WATCH, "--no-children",
	  WITHOUT, NULL, "a PID without its descendants (default: with them)" },
	{ OPTION_STACKS, FOR_REPORT | FOR_CHECK | FOR_RUN, "--stacks", WITHOUT, NULL,
	  "text: whole stacks (default: the places)" },
	{ OPTION_SOURCE_ROOT, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_WATCH, "--source-root",
	  REQUIRED, "FOLDER",
	  "quote lines of source from regular files below it; may be repeated (default: the top of "
	  "the git working tree, else the current folder; never /)" },
	{ OPTION_PATH_MAP, FOR_REPORT | FOR_CHECK | FOR_RUN, "--path-map", REQUIRED, "FROM=TO",
	  "files that stood below FROM where the program was built are below TO; a relative TO is "
	  "below the source root, as in --path-map /build=.; may be repeated, the longest FROM "
	  "counts (default: as they are)" },
	{ OPTION_SYMBOL_CACHE, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_WATCH | FOR_DIFF,
	  "--symbol-cache", REQUIRED, "FOLDER",
	  "keep there, for the next time, which lines the addresses of programs with a build-id "
	  "stand for; none: nowhere (default: sockaudit in $XDG_CACHE_HOME, else in ~/.cache)" },
	{ OPTION_REPRODUCIBLE, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_STATES, "--reproducible",
	  WITHOUT, NULL, "leave out times, pids and host (default: off)" },
	{ OPTION_REDACT, FOR_REPORT | FOR_CHECK | FOR_RUN, "--redact", WITHOUT, NULL,
	  "for reports that leave the house: paths, IP addresses, names of programs and hosts "
	  "become tokens, in one report the same for the same; ports, functions and lines stay "
	  "(default: off)" },
	{ OPTION_COLOR, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_STATES | FOR_WATCH, "--color",
	  REQUIRED, "WHEN",
	  "auto, always or never (default: auto, on a terminal and without NO_COLOR)" },
	{ OPTION_SUPPRESSIONS, FOR_REPORT | FOR_CHECK | FOR_RUN | FOR_DIFF, "--suppressions",
	  REQUIRED, "FILE",
	  "findings to live with, a line each as in LeakSanitizer (leak:^pool_grow$), or rule:, "
	  "peer:, opened:, evidence:; may be repeated (default: what the program's suppressions= "
	  "and __sockaudit_default_suppressions() name)" },
	{ OPTION_PRINT_SUPPRESSIONS, FOR_REPORT | FOR_CHECK | FOR_RUN, "--print-suppressions",
	  WITHOUT, NULL, "instead of a report, lines for such a file that cover what was found" },
	{ OPTION_BASELINE, FOR_REPORT | FOR_CHECK | FOR_RUN, "--baseline", REQUIRED, "FILE",
	  "findings that were there before: listed, but they don't gate (default: none)" },
	{ OPTION_UPDATE_BASELINE, FOR_REPORT | FOR_CHECK | FOR_RUN, "--update-baseline", WITHOUT,
	  NULL, "write what is found now into the file of --baseline" },
	{ OPTION_MAX, FOR_CHECK | FOR_RUN, "--max", REQUIRED, "RULE=N",
	  "so many sockets of that rule don't gate yet; may be repeated (default: 0)" },
	{ OPTION_EXITCODE, FOR_RUN, "--exitcode", REQUIRED, "STATUS",
	  "exit status when the gate is hit and the command itself succeeded, 1 to 125 (default: "
	  "23)" },
	{ OPTION_REQUIRE, FOR_RUN, "--require", REQUIRED, "GLOB",
	  "programs, by name or whole path, that must be audited like the command itself; may be "
	  "repeated (default: the command alone)" },
	{ OPTION_STRICT, FOR_CHECK | FOR_RUN, "--strict", WITHOUT, NULL,
	  "a suppression that matches nothing is an error; under run with --gate, every program "
	  "that was started must be audited, too (default: others are listed)" },
	{ OPTION_INTERVAL, FOR_RUN, "--interval", REQUIRED, "SECONDS",
	  "how often the kernel is asked while the command runs, so that a killed program has a "
	  "last state, too; seldomer when that takes long; 0: never (default: 1)" },
	{ OPTION_KEEP, FOR_RUN, "--keep", OPTIONAL, "FOLDER",
	  "leave the ledgers there, and say where (default: a private folder, removed at the "
	  "end)" },
	{ OPTION_LIBRARY, FOR_RUN, "--library", REQUIRED, "FILE",
	  "libsockaudit.so (default: beside this program, else where it is installed)" },
	{ OPTION_ALL, FOR_LIST, "--all", WITHOUT, NULL,
	  "also the programs that a process was before an exec() (default: only what it became)" },
	{ OPTION_ALL, FOR_CLEAN, "--all", WITHOUT, NULL,
	  "every user's ledgers, as root (default: your own)" },
	{ OPTION_ALL, FOR_WATCH, "--all", WITHOUT, NULL,
	  "every audited process of this user (root: of all), also those that start later "
	  "(default: the process that was named)" },
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
	{ OPTION_SOCKETS, FOR_REPORT, "--sockets", WITHOUT, NULL,
	  "list every socket of the processes, with its life and its other end (default: those of "
	  "findings)" },
	{ OPTION_STATE, FOR_REPORT, "--state", REQUIRED, "STATE,...",
	  "list the sockets in these TCP states, as in --state CLOSE_WAIT,fin-wait-2 (default: "
	  "those of every state, and those without one)" },
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

static int states_check(struct arena *arena, const char *value, const char **trouble)
{
	bool states[TCP_STATE_COUNT];
	const char *unknown, *all = "";
	int length;

	if (state_names_parse(value, states, &unknown, &length))
		return 0;
	for (int i = 1; i < TCP_STATE_COUNT; i++)
		all = arena_printf(arena, "%s%s%s", all, i > 1 ? ", " : "", tcp_state_names[i]);
	*trouble = arena_printf(arena, "--state: unknown TCP state '%.*s'; there are %s", length,
				unknown, all);
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

static int max_parse(struct arena *arena, const char *value, struct options *options,
		     const char **trouble)
{
	const char *equals = strchr(value, '=');
	size_t length = equals ? (size_t)(equals - value) : 0;
	char *end;

	for (int i = 0; i < RULE_COUNT && equals; i++) {
		if (strlen(rules[i].name) != length || strncmp(rules[i].name, value, length))
			continue;
		errno = 0;
		options->most[i] = strtoull(equals + 1, &end, 10);
		if (isdigit((unsigned char)equals[1]) && !*end && !errno)
			return 0;
	}
	*trouble = arena_printf(
		arena, "--max takes a rule and a number, as in --max fin-unread=3, not '%s'",
		value);
	return -EINVAL;
}

static int exitcode_parse(struct arena *arena, const char *value, struct options *options,
			  const char **trouble)
{
	char *end;
	unsigned long status = strtoul(value, &end, 10);

	if (!isdigit((unsigned char)*value) || *end || !status || status > 125) {
		*trouble = arena_printf(arena, "--exitcode takes a number from 1 to 125, not '%s'",
					value);
		return -EINVAL;
	}
	options->exitcode = (unsigned)status;
	return 0;
}

static int interval_parse(struct arena *arena, const char *value, struct options *options,
			  const char **trouble)
{
	char *end;
	double seconds = strtod(value, &end);

	if (!isdigit((unsigned char)*value) || *end || !(seconds <= 3600) ||
	    (seconds > 0 && seconds < 0.01)) {
		*trouble = arena_printf(
			arena, "--interval takes seconds, 0.01 to 3600, or 0, not '%s'", value);
		return -EINVAL;
	}
	options->interval_ms = (unsigned)(seconds * 1000 + 0.5);
	return 0;
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
		options->gated = true;
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
	case OPTION_PATH_MAP:
		while (options->path_maps[count].from)
			count++;
		if (path_map_parse(arena, value, &options->path_maps[count]))
			return 0;
		*trouble = arena_printf(
			arena, "--path-map takes FROM=TO, as in --path-map /build=., not '%s'",
			value);
		return -EINVAL;
	case OPTION_SYMBOL_CACHE:
		options->symbol_cache = value;
		if (cache_folder_is_good(value))
			return 0;
		*trouble = arena_printf(arena,
					"--symbol-cache takes none, or a folder that is yours and "
					"that nobody else may write to, not '%s'",
					value);
		return -EINVAL;
	case OPTION_REDACT:
		options->redact = true;
		return 0;
	case OPTION_REPRODUCIBLE:
		options->reproducible = true;
		return 0;
	case OPTION_ALL:
		options->all = true;
		return 0;
	case OPTION_SUPPRESSIONS:
		while (options->suppressions[count])
			count++;
		options->suppressions[count] = value;
		return 0;
	case OPTION_PRINT_SUPPRESSIONS:
		options->format = "suppressions";
		return 0;
	case OPTION_BASELINE:
		options->baseline = value;
		return 0;
	case OPTION_UPDATE_BASELINE:
		options->update_baseline = true;
		return 0;
	case OPTION_MAX:
		return max_parse(arena, value, options, trouble);
	case OPTION_REQUIRE:
		while (options->required[count])
			count++;
		options->required[count] = value;
		return 0;
	case OPTION_STRICT:
		options->strict = true;
		return 0;
	case OPTION_EXITCODE:
		return exitcode_parse(arena, value, options, trouble);
	case OPTION_INTERVAL:
		return interval_parse(arena, value, options, trouble);
	case OPTION_KEEP:
		options->keep = value ? value : "";
		return 0;
	case OPTION_LIBRARY:
		options->library = value;
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
	case OPTION_SOCKETS:
		options->sockets = true;
		return 0;
	case OPTION_STATE:
		options->sockets = true;
		options->states = value;
		return states_check(arena, value, trouble);
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

	*options = (struct options){
		.format = "text", .symbol_cache = "", .interval_ms = 1000, .exitcode = 23
	};
	options->suppressions = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	options->required = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	options->source_roots = arena_array(arena, (size_t)argc + 1, sizeof(char *));
	options->path_maps = arena_array(arena, (size_t)argc + 1, sizeof(*options->path_maps));
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
		/* What follows a command is its own. */
		ended |= command == FOR_RUN && targets;
		if (error)
			return error;
	}
	if (options->update_baseline && !options->baseline) {
		*trouble = "--update-baseline needs --baseline FILE, which it writes";
		return -EINVAL;
	}
	return 0;
}

void options_analysis(const struct options *options, struct analysis_settings *settings)
{
	settings->grace = options->grace;
	settings->symbol_cache = options->symbol_cache;
	settings->suppressions = options->suppressions;
	settings->baseline = options->baseline;
	settings->update_baseline = options->update_baseline;
	memcpy(settings->gates, options->gates, sizeof(settings->gates));
	memcpy(settings->most, options->most, sizeof(settings->most));
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

/* A row's words; where they say "%s", the formats that there are. */
static const char *row_words(struct arena *arena, const struct option_row *row)
{
	const char *names = "", *at = strstr(row->line, "%s");

	if (!at)
		return row->line;
	for (const struct renderer *renderer = renderers; renderer->name; renderer++)
		names = arena_printf(arena, "%s%s%s", names,
				     renderer == renderers ? ""
				     : renderer[1].name	   ? ", "
							   : " or ",
				     renderer->name);
	return arena_printf(arena, "%.*s%s%s", (int)(at - row->line), row->line, names, at + 2);
}

size_t options_words(struct arena *arena, enum command_id command, struct option_words **words)
{
	size_t count = 0;

	*words = arena_array(arena, ROW_COUNT, sizeof(**words));
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].commands & command)
			(*words)[count++] = (struct option_words){
				.name = rows[i].name,
				.argument = rows[i].takes == WITHOUT ? NULL : rows[i].argument,
				.line = row_words(arena, &rows[i]),
				.optional = rows[i].takes == OPTIONAL,
			};
	return count;
}

void options_help(enum command_id command, FILE *out)
{
	const int indent = 30;
	struct arena arena = { NULL };

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
		words_print(row_words(&arena, row), indent, indent, out);
	}
	/* The others take text and JSON, as their option says. */
	if (command & (FOR_REPORT | FOR_CHECK | FOR_RUN)) {
		fputs("\nFormats:\n", out);
		for (const struct renderer *renderer = renderers; renderer->name; renderer++) {
			fprintf(out, "  %-*s", indent - 2, renderer->name);
			words_print(renderer->line, indent, indent, out);
		}
	}
	arena_free(&arena);
}
