/* SPDX-License-Identifier: MIT */
/*
 * Places of the program. A path's end and its line are never cut, since they are what the reader
 * opens; a function's name, which C++ can make as long as a page, is, but for its beginning.
 */
#include "text_site.h"
#include "escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_SHOWN  3
#define STACK_INDENT  (LABEL_WIDTH + 2u)
#define NAME_SHORTEST 28u

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* "fetch()"; what already ends as a call or is no plain name stays. */
static char *function(struct text *text, const struct frame *frame, unsigned columns)
{
	char *name = text_safe(text, frame->function);
	size_t length = strlen(name);
	bool called = length && name[length - 1] == ')';
	unsigned room = called ? columns : columns - 2;
	if (columns < NAME_SHORTEST)
		room = NAME_SHORTEST - 2;
	escape_cut(name, room);
	return called ? name : text_make(text, "%s()", name);
}

static char *module(struct text *text, const struct frame *frame)
{
	if (!frame->module)
		return text_make(text, "address 0x%" PRIx64, frame->offset);
	return text_make(text, "%s+0x%" PRIx64, text_safe(text, last_part(frame->module)),
			 frame->offset);
}

static char *position(struct text *text, const struct frame *frame, bool whole_path)
{
	const char *file =
		whole_path ? source_relative(&text->roots, frame->file) : last_part(frame->file);
	char *safe = text_safe(text, file);
	return frame->line ? text_make(text, "%s:%u", safe, frame->line) : safe;
}

static char *site(struct text *text, const struct frame *frame, unsigned columns, bool whole_path)
{
	if (!frame)
		return text_make(text, "an unknown place");
	if (!frame->file && !frame->function)
		return module(text, frame);
	if (!frame->file) {
		char *where = module(text, frame);
		unsigned used = escape_columns(where) + 4;
		return text_make(text, "%s in %s",
				 function(text, frame, columns > used ? columns - used : 0), where);
	}
	char *where = position(text, frame, whole_path);
	unsigned used = escape_columns(where) + 1;
	if (!frame->function)
		return where;
	return text_make(text, "%s %s", where,
			 function(text, frame, columns > used ? columns - used : 0));
}

char *text_site(struct text *text, const struct frame *frame, unsigned columns)
{
	return site(text, frame, columns, false);
}

char *text_site_path(struct text *text, const struct frame *frame, unsigned columns)
{
	return site(text, frame, columns, true);
}

/* "  212 |     n = recv(...)" under its frame. */
static void quote(struct text *text, const struct frame *frame)
{
	char *line = source_line(&text->roots, frame->file, frame->line);
	if (!line)
		return;
	const char *code = line + strspn(line, " \t");
	if (*code) {
		char *copy = arena_copy(&text->arena, code);
		for (char *tab = copy; (tab = strchr(tab, '\t'));)
			*tab = ' ';
		text_line(text, STACK_INDENT, COLOUR_DIM,
			  text_make(text, "%6u | %s", frame->line, text_safe(text, copy)));
	}
	free(line);
}

static void frame_line(struct text *text, const struct frame *frame, bool is_site)
{
	unsigned columns = text->width > STACK_INDENT + 20 ? text->width - STACK_INDENT : 20;
	const char *note =
		frame->note ? text_make(text, " (%s)", text_safe(text, frame->note)) : "";
	if (frame->inlined)
		note = text_make(text, " (inlined)%s", note);
	unsigned note_columns = escape_columns(note);
	char *words = text_site_path(text, frame,
				     columns > note_columns ? columns - note_columns : columns);
	/* A path that alone fills the line keeps its end, where the file's name and the line stand.
	 */
	unsigned length = escape_columns(words);
	while (length > columns && *words) {
		uint32_t code;
		words += escape_decode(words, &code);
		length = escape_columns(words) + 3;
		if (length <= columns)
			words = text_make(text, "...%s", words);
	}
	text_line(text, STACK_INDENT, is_site ? COLOUR_PLACE : COLOUR_NONE,
		  text_make(text, "%s%s", words, note));
}

void text_stack(struct text *text, const struct stack *stack)
{
	bool whole = text->settings->with_stacks;
	const struct frame *site = stack_site(stack);
	if (!site)
		return;
	size_t first = whole ? 0 : (size_t)(site - stack->frames);
	if (first)
		text_line(text, STACK_INDENT, COLOUR_DIM,
			  text_make(text, "(below it, in %s)",
				    text_site(text, &stack->frames[0], 60)));
	size_t shown = 0;
	for (size_t i = first; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];
		/* What called main() tells nobody anything. */
		if (!whole && frame->system && i > first)
			continue;
		if (!whole && shown == FRAMES_SHOWN) {
			text->stacks_cut = true;
			break;
		}
		frame_line(text, frame, frame == site);
		if (frame == site)
			quote(text, frame);
		shown++;
	}
}
