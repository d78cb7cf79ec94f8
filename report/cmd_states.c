/* SPDX-License-Identifier: MIT */
/* sockaudit states: the kernel's TCP sockets by state; knows no ledger. */
#include "command.h"

#include "output.h"
#include "render_states.h"
#include "states.h"
#include "states_groups.h"
#include "states_names.h"
#include "states_settings.h"
#include "states_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS_DEFAULT 2.0
#define SECONDS_LEAST	0.1
#define SECONDS_MOST	86400.0

struct command_states {
	const struct options *options;
	struct states_options asked;
	enum tcp_state explained;
	struct settings_now settings; /* for the explanation */
	double seconds;		      /* 0: once */
	/* While it is watched: the counts before, and what went wrong. */
	struct states before;
	bool has_before;
	struct arena trouble_words;
	const char *trouble;
};

static int by_parse(struct arena *arena, const char *name, enum states_by *by, const char **trouble)
{
	*by = states_by_find(name);
	if (*by)
		return 0;
	const char *meant = options_suggest(name, states_by_names);
	*trouble = meant ? arena_printf(arena, "unknown --by '%s'; did you mean '%s'?", name, meant)
			 : arena_printf(arena,
					"unknown --by '%s'; there are process, local-port, peer, "
					"listener",
					name);
	return -EINVAL;
}

static int seconds_parse(struct arena *arena, const char *text, double *seconds,
			 const char **trouble)
{
	char *end;

	*seconds = SECONDS_DEFAULT;
	if (!*text)
		return 0;
	*seconds = strtod(text, &end);
	if (!*end && *seconds >= SECONDS_LEAST && *seconds <= SECONDS_MOST)
		return 0;
	*trouble = arena_printf(
		arena, "--watch takes seconds from 0.1 to 86400, as in --watch=2, not '%s'", text);
	return -EINVAL;
}

/* --explain=STATE, or --explain STATE. */
static int explained_parse(struct arena *arena, const struct options *options,
			   enum tcp_state *state, const char **trouble)
{
	const char *name = options->explained ? options->explained : options->targets[0];

	*state = STATE_NONE;
	if (!name)
		return 0;
	*state = state_named(name);
	if (*state)
		return 0;
	const char *meant = state_suggest(name);
	*trouble =
		meant ? arena_printf(arena, "unknown state '%s'; did you mean '%s'?", name, meant)
		      : arena_printf(arena,
				     "unknown state '%s'; sockaudit states --explain tells all",
				     name);
	return -EINVAL;
}

/* What can't go together. */
static const char *contradiction(struct arena *arena, const struct options *options)
{
	const char *list = options->format, *file;
	char *name;
	bool to_file = options->output;

	while (output_next(arena, &list, &name, &file)) {
		to_file |= file != NULL;
		if (!states_renderer_find(name))
			return arena_printf(arena,
					    "--format: states has no format '%s'; there are "
					    "text, json",
					    name);
	}
	if (options->targets[0] && (!options->explain || options->explained || options->targets[1]))
		return arena_printf(arena,
				    "unknown argument '%s'; a saved text goes to --from FILE, a "
				    "process to sockaudit report PID",
				    options->targets[options->explain && !options->explained]);
	if (options->explain &&
	    (options->from || options->watch || options->by || options->all_namespaces))
		return "--explain stands alone: it counts nothing";
	if (options->from && options->all_namespaces)
		return "--from and --all-namespaces: a text has no namespaces to look into";
	if (options->from && options->watch)
		return "--from and --watch: a saved text does not change";
	if (options->watch && to_file)
		return "--watch writes to the standard output; leave out the file";
	return NULL;
}

static int command_parse(struct arena *arena, const struct options *options,
			 struct command_states *command, const char **trouble)
{
	int error = output_check(arena, options, trouble);

	*command = (struct command_states){ .options = options };
	command->asked.from = options->from;
	command->asked.all_namespaces = options->all_namespaces;
	if (!error && (*trouble = contradiction(arena, options)))
		error = -EINVAL;
	if (!error && options->by)
		error = by_parse(arena, options->by, &command->asked.by, trouble);
	if (!error && options->watch)
		error = seconds_parse(arena, options->watch, &command->seconds, trouble);
	if (!error && options->explain)
		error = explained_parse(arena, options, &command->explained, trouble);
	return error;
}

static int census_write(void *data, const char *format, const struct render_settings *settings,
			FILE *out)
{
	return states_renderer_find(format)->census(data, settings, out);
}

static int explanation_write(void *data, const char *format, const struct render_settings *settings,
			     FILE *out)
{
	const struct command_states *command = data;

	return states_renderer_find(format)->explain(command->explained, &command->settings,
						     settings, out);
}

static void clock_print(const struct command_states *command, uint64_t realtime_ns, FILE *out)
{
	time_t now = (time_t)(realtime_ns / 1000000000u);
	struct tm parts;
	char text[32];

	if (localtime_r(&now, &parts) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
		fprintf(out, "%s, every %g s; Ctrl-C ends\n", text, command->seconds);
}

static int census_show(void *data, FILE *out)
{
	struct command_states *command = data;
	struct arena arena = { NULL };
	struct states census;
	const char *trouble = NULL;
	int error = states_take(&arena, &command->asked, &census, &trouble);

	if (!error) {
		census.before = command->has_before ? &command->before : NULL;
		if (command->seconds > 0 && !strncmp(command->options->format, "text", 4))
			clock_print(command, census.realtime_ns, out);
		error = output_each(&arena, command->options, out, census_write, &census, &trouble);
		command->before = census;
		command->has_before = true;
	}
	if (error && trouble)
		command->trouble = arena_copy(&command->trouble_words, trouble);
	arena_free(&arena);
	return error;
}

void states_notes(FILE *out)
{
	fputs("\nToo many are, from so many on:\n", out);
	for (const enum tcp_state *state = states_in_order; *state; state++) {
		const struct state_lore *lore = &state_lore[*state];
		fprintf(out, "  %-12s %6" PRIu64 "%s%s%s%s\n", lore->name, lore->too_many,
			lore->of_which ? "  " : "", lore->of_which ? lore->of_which : "",
			lore->or_when ? ", " : "", lore->or_when ? lore->or_when : "");
	}
}

/* Who reads the first lines only, as head does, misses nothing. */
static int standard_write(struct arena *arena, const char *text, size_t size, const char **trouble)
{
	errno = 0;
	bool written = fwrite(text, 1, size, stdout) == size && !fflush(stdout);

	if (written || errno == EPIPE)
		return 0;
	*trouble = arena_printf(arena, "cannot write to the standard output: %s", strerror(errno));
	return -EIO;
}

static int once(struct arena *arena, struct command_states *command, const char **trouble)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int error = out ? 0 : -errno;

	*trouble = "out of memory";
	if (!error && command->options->explain)
		states_settings_read(arena, &command->settings);
	if (!error && command->options->explain)
		error = output_each(arena, command->options, out, explanation_write, command,
				    trouble);
	else if (!error)
		error = census_show(command, out);
	if (command->trouble)
		*trouble = command->trouble;
	if (out && fclose(out) && !error)
		error = -errno;
	if (!error)
		error = standard_write(arena, text, size, trouble);
	free(text);
	return error;
}

int cmd_states(const struct options *options)
{
	struct arena arena = { NULL };
	struct command_states command;
	const char *trouble = NULL;
	int error = command_parse(&arena, options, &command, &trouble);

	if (!error && options->watch) {
		error = watch_run(command.seconds, census_show, &command);
		trouble = command.trouble ? command.trouble
					  : arena_printf(&arena, "cannot write the census: %s",
							 strerror(-error));
	} else if (!error) {
		error = once(&arena, &command, &trouble);
	}
	if (error)
		fprintf(stderr, "sockaudit states: %s\n", trouble);
	arena_free(&command.trouble_words);
	arena_free(&arena);
	return error ? EXIT_TROUBLE : EXIT_CLEAN;
}
