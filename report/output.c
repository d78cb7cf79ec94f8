/* SPDX-License-Identifier: MIT */
/* Sends a finished report where --format and --output say; see output.h. */
#include "output.h"

#include "output_file.h"
#include "render.h"
#include "rewrite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COLUMNS_MOST  100
#define COLUMNS_LEAST 60

/* One item of --format. */
struct output {
	const char *format;
	const char *file; /* NULL: --output, else stdout */
};

/* What is to be written, and by whom. */
struct sending {
	const struct options *options;
	FILE *standard;
	output_writer *write;
	void *data;
};

bool output_next(struct arena *arena, const char **list, char **name, const char **file)
{
	if (!**list)
		return false;
	size_t length = strcspn(*list, ",");
	char *item = arena_printf(arena, "%.*s", (int)length, *list), *colon = strchr(item, ':');
	if (colon)
		*colon = 0;
	*name = item;
	*file = colon && colon[1] ? colon + 1 : NULL;
	*list += length + ((*list)[length] == ',');
	return true;
}

static int unknown_format(struct arena *arena, const char *name, const char **trouble)
{
	const char *names[16];
	char *all = "";
	size_t count = 0;

	for (const struct renderer *renderer = renderers; renderer->name && count < 15;
	     renderer++) {
		all = arena_printf(arena, "%s%s%s", all, count ? ", " : "", renderer->name);
		names[count++] = renderer->name;
	}
	names[count] = NULL;
	const char *meant = options_suggest(name, names);
	*trouble = meant ? arena_printf(arena, "--format: unknown format '%s'; did you mean '%s'?",
					name, meant)
			 : arena_printf(arena, "--format: unknown format '%s'; there are %s", name,
					all);
	return -EINVAL;
}

/* The items of --format, each with where it goes. */
static size_t outputs_of(struct arena *arena, const struct options *options,
			 struct output **outputs)
{
	const char *list = options->format, *file;
	size_t count = 0, room = 0;
	char *name;

	*outputs = NULL;
	while (output_next(arena, &list, &name, &file)) {
		*outputs = arena_more(arena, *outputs, count, &room, sizeof(**outputs));
		(*outputs)[count++] =
			(struct output){ .format = name, .file = file ? file : options->output };
	}
	return count;
}

/* Two formats in one file would leave the last alone; a terminal or /dev/null takes any. */
static int same_file(struct arena *arena, const struct options *options, const char **trouble)
{
	struct output *outputs;
	size_t count = outputs_of(arena, options, &outputs);
	struct stat status;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; outputs[i].file && j < i; j++) {
			if (!outputs[j].file || strcmp(outputs[i].file, outputs[j].file))
				continue;
			if (!stat(outputs[i].file, &status) && !S_ISREG(status.st_mode))
				continue;
			*trouble = arena_printf(arena, "--format: two formats can't share '%s'",
						outputs[i].file);
			return -EINVAL;
		}
	}
	return 0;
}

int output_check(struct arena *arena, const struct options *options, const char **trouble)
{
	const char *list = options->format, *file;
	unsigned shared = 0, count = 0;
	char *name;

	for (; output_next(arena, &list, &name, &file); count++) {
		if (!renderer_find(name))
			return unknown_format(arena, name, trouble);
		shared += !file;
	}
	if (!count)
		return unknown_format(arena, "", trouble);
	if (shared > 1) {
		*trouble = arena_printf(
			arena,
			"--format=%s: only one format can go to the standard output; give the "
			"others a file, as in json:FILE",
			options->format);
		return -EINVAL;
	}
	return same_file(arena, options, trouble);
}

/* Where what has no file of its own goes: under run, the standard output is the command's. */
static FILE *terminal_of(const struct options *options)
{
	return options->to_stderr ? stderr : stdout;
}

static bool colour_wanted(const struct options *options, bool to_terminal)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	switch (options->colour) {
	case COLOUR_ALWAYS:
		return true;
	case COLOUR_NEVER:
		return false;
	case COLOUR_AUTO:
		break;
	}
	return to_terminal && isatty(fileno(terminal_of(options))) && !(none && *none) &&
	       !(term && !strcmp(term, "dumb"));
}

static unsigned columns_of(const struct options *options, bool to_terminal)
{
	struct winsize size;

	if (!to_terminal || ioctl(fileno(terminal_of(options)), TIOCGWINSZ, &size) ||
	    !size.ws_col || size.ws_col > COLUMNS_MOST)
		return COLUMNS_MOST;
	return size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
}

/* What the formats are to tell: the report, in other words where that was asked for. */
static int rewritten(struct arena *arena, const struct options *options,
		     const struct report **report)
{
	struct source_roots roots = { 0 };
	struct rewriting how = { .maps = options->path_maps,
				 .redact = options->redact,
				 .roots = &roots };

	if (!options->redact && !options->path_maps->from)
		return 0;
	int error = source_roots_find(&roots, options->source_roots);
	if (!error)
		*report = report_rewrite(arena, *report, &how);
	source_roots_free(&roots);
	return error;
}

static int write_one(const struct sending *sending, const struct output *output, FILE *out)
{
	const struct options *options = sending->options;
	bool to_terminal = !output->file;
	struct render_settings settings = {
		.colour = colour_wanted(options, to_terminal),
		.reproducible = options->reproducible,
		.with_stacks = options->stacks,
		.stacks_command = options->redact ? NULL : options->stacks_command,
		.source_roots = options->source_roots,
		.width = columns_of(options, to_terminal),
		.redacted = options->redact,
	};

	return sending->write(sending->data, output->format, &settings, out);
}

static int write_standard(const struct sending *sending, const struct output *output)
{
	int error = write_one(sending, output, sending->standard);

	if (!error && fflush(sending->standard))
		error = -errno;
	return !error && ferror(sending->standard) ? -EIO : error;
}

/* All are opened before the first is written, and complete before the first takes its place:
 * whatever fails, nothing stands there half. */
static int write_all(const struct sending *sending, const struct output *outputs,
		     struct output_file *files, size_t count, size_t *at)
{
	int error = 0;

	for (size_t i = 0; !error && i < count; i++) {
		*at = i;
		if (outputs[i].file)
			error = output_file_open(&files[i], outputs[i].file);
	}
	for (size_t i = 0; !error && i < count; i++) {
		*at = i;
		if (outputs[i].file)
			error = write_one(sending, &outputs[i], files[i].stream);
		if (!error && outputs[i].file)
			error = output_file_finish(&files[i]);
	}
	for (size_t i = 0; !error && i < count; i++) {
		*at = i;
		if (outputs[i].file)
			error = output_file_commit(&files[i]);
	}
	for (size_t i = 0; !error && i < count; i++) {
		*at = i;
		if (!outputs[i].file)
			error = write_standard(sending, &outputs[i]);
	}
	return error;
}

int output_each(struct arena *arena, const struct options *options, FILE *standard,
		output_writer *write, void *data, const char **trouble)
{
	const struct sending sending = { options, standard, write, data };
	struct output *outputs;
	size_t count = outputs_of(arena, options, &outputs), at = 0;
	struct output_file *files = arena_array(arena, count + 1, sizeof(*files));
	int error = write_all(&sending, outputs, files, count, &at);

	for (size_t i = 0; i < count; i++)
		output_file_drop(&files[i]);
	if (error) {
		const char *path = outputs[at].file;
		*trouble = arena_printf(arena, "cannot write the report to %s%s%s: %s",
					path ? "'" : "",
					path		     ? path
					: options->to_stderr ? "the standard error"
							     : "the standard output",
					path ? "'" : "", strerror(-error));
	}
	return error;
}

static int report_write(void *data, const char *format, const struct render_settings *settings,
			FILE *out)
{
	return renderer_find(format)->render(data, settings, out);
}

int output_write(struct arena *arena, const struct options *options, const struct report *report,
		 const char **trouble)
{
	int error = rewritten(arena, options, &report);

	if (error) {
		*trouble = arena_printf(arena, "cannot write the report: %s", strerror(-error));
		return error;
	}
	return output_each(arena, options, terminal_of(options), report_write, (void *)report,
			   trouble);
}
