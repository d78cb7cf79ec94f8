/* SPDX-License-Identifier: MIT */
/* Sends a finished report where --format and --output say; see output.h. */
#include "output.h"

#include "render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MOST  100
#define COLUMNS_LEAST 60

/* One item of --format. */
struct output {
	const char *format;
	const char *file; /* NULL: --output, else stdout */
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
	return 0;
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

static int output_one(struct arena *arena, const struct options *options, FILE *standard,
		      const struct output *output, output_writer *write, void *data,
		      const char **trouble)
{
	const char *path = output->file ? output->file : options->output;
	const char *shown = path		 ? path
			    : options->to_stderr ? "the standard error"
						 : "the standard output";
	struct render_settings settings = {
		.colour = colour_wanted(options, !path),
		.reproducible = options->reproducible,
		.with_stacks = options->stacks,
		.command = options->command_line,
		.source_roots = options->source_roots,
		.width = columns_of(options, !path),
	};
	FILE *out = path ? fopen(path, "we") : standard;
	int error = out ? 0 : -errno;

	if (!error)
		error = write(data, output->format, &settings, out);
	if (!error && fflush(out))
		error = -errno;
	if (!error && ferror(out))
		error = -EIO;
	if (out && path && fclose(out) && !error)
		error = -errno;
	if (error)
		*trouble = arena_printf(arena, "cannot write the report to %s%s%s: %s",
					path ? "'" : "", shown, path ? "'" : "", strerror(-error));
	return error;
}

int output_each(struct arena *arena, const struct options *options, FILE *standard,
		output_writer *write, void *data, const char **trouble)
{
	const char *list = options->format, *file;
	char *name;
	int error = 0;

	while (!error && output_next(arena, &list, &name, &file)) {
		struct output output = { .format = name, .file = file };
		error = output_one(arena, options, standard, &output, write, data, trouble);
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
	return output_each(arena, options, terminal_of(options), report_write, (void *)report, trouble);
}
