/* SPDX-License-Identifier: MIT */
/*
 * Folded stacks, for flamegraph.pl, speedscope and their like: a line for each way that leads to a
 * site, root first, and how many sockets came by it; the last frame is the rule. Names have neither
 * ";" nor blanks, which would begin a frame or the count.
 */
#include "render_formats.h"
#include "render_result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct line {
	char *frames;
	uint64_t count;
};

static char *plain(struct text *text, const char *name)
{
	char *made = text_safe(text, name);

	for (char *at = made; *at; at++)
		if (*at == ';')
			*at = ':';
		else if (*at == ' ')
			*at = '_';
	/* A line that begins so is a comment. */
	if (*made == '#')
		*made = '_';
	return made;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* As flamegraph.pl knows them: "_[i]" is code inlined into its caller. */
static char *frame_name(struct text *text, const struct frame *frame)
{
	if (frame->function)
		return text_make(text, "%s%s", plain(text, frame->function),
				 frame->inlined ? "_[i]" : "");
	if (frame->module)
		return text_make(text, "[%s+0x%" PRIx64 "]", plain(text, last_part(frame->module)),
				 frame->offset);
	return text_make(text, "[0x%" PRIx64 "]", frame->offset);
}

static struct line line_of(struct text *text, const struct finding *finding)
{
	const struct stack *stack = finding_site_stack(finding);
	char *frames = "";

	for (size_t i = stack ? stack->count : 0; i-- > 0;)
		frames = text_make(text, "%s%s;", frames, frame_name(text, &stack->frames[i]));
	if (!*frames)
		frames = "[unknown];";
	return (struct line){ text_make(text, "%s[%s]", frames, rules[finding->rule].name),
			      finding->count };
}

static int by_frames(const void *left, const void *right)
{
	const struct line *a = left, *b = right;
	return strcmp(a->frames, b->frames);
}

int render_folded(const struct report *report, const struct render_settings *settings, FILE *out)
{
	struct text text;
	int error = text_open(&text, report, settings, out);
	struct line *lines = arena_array(&text.arena, report->finding_count + 1, sizeof(*lines));
	size_t count = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].status != STATUS_SUPPRESSED)
			lines[count++] = line_of(&text, &report->findings[i]);
	if (count)
		qsort(lines, count, sizeof(*lines), by_frames);
	for (size_t i = 0; !error && i < count; i++) {
		uint64_t sum = lines[i].count;
		while (i + 1 < count && !by_frames(&lines[i], &lines[i + 1]))
			sum += lines[++i].count;
		fprintf(out, "%s %" PRIu64 "\n", lines[i].frames, sum);
	}
	text_close(&text);
	return error ? error : ferror(out) ? -EIO : 0;
}
