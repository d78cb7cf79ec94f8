/* SPDX-License-Identifier: MIT */
/* The text report's pen. */
#include "text_writer.h"
#include "escape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_DEFAULT  100u
#define WIDTH_SMALLEST 60u
#define TITLE_HANG     2u /* the continuation of a title stands this much to the right */

static const char *const colour_codes[] = {
	[COLOUR_NONE] = "",   [COLOUR_BAD] = "1;31",   [COLOUR_CAREFUL] = "1;33",
	[COLOUR_GOOD] = "32", [COLOUR_PLACE] = "1;36", [COLOUR_DIM] = "2",
	[COLOUR_BOLD] = "1",
};

int text_open(struct text *text, const struct report *report,
	      const struct render_settings *settings, FILE *out)
{
	*text = (struct text){
		.out = out,
		.report = report,
		.settings = settings,
		.width = settings->width ? settings->width : WIDTH_DEFAULT,
	};
	if (text->width < WIDTH_SMALLEST)
		text->width = WIDTH_SMALLEST;
	text->places = frame_numbers_new(&text->arena, FRAME_PLACE);
	return source_roots_find(&text->roots, settings->source_roots);
}

void text_close(struct text *text)
{
	source_roots_free(&text->roots);
	frame_numbers_free(text->places);
	arena_free(&text->arena);
}

void text_capture(struct text *text)
{
	text->captured.out = text->out;
	text->out = open_memstream(&text->captured.bytes, &text->captured.size);
	if (!text->out)
		arena_out_of_memory();
}

char *text_captured(struct text *text)
{
	if (fclose(text->out))
		arena_out_of_memory();
	text->out = text->captured.out;
	char *copy = arena_copy(&text->arena, text->captured.bytes);
	free(text->captured.bytes);
	return copy;
}

char *text_safe(struct text *text, const char *hostile)
{
	char *escaped = escape_terminal(hostile ? hostile : "?");
	if (!escaped)
		arena_out_of_memory();
	char *copy = arena_copy(&text->arena, escaped);
	free(escaped);
	return copy;
}

char *text_make(struct text *text, const char *format, ...)
{
	va_list list, again;
	va_start(list, format);
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	size_t size = length < 0 ? 1 : (size_t)length + 1;
	char *made = arena_alloc(&text->arena, size);
	vsnprintf(made, size, format, again);
	va_end(again);
	return made;
}

static void put(const struct text *text, enum colour colour, const char *words, size_t length)
{
	bool coloured = text->settings->colour && colour != COLOUR_NONE && length;
	if (coloured)
		fprintf(text->out, "\033[%sm", colour_codes[colour]);
	fwrite(words, 1, length, text->out);
	if (coloured)
		fputs("\033[0m", text->out);
}

void text_gap(struct text *text)
{
	fputc('\n', text->out);
}

void text_line(struct text *text, unsigned indent, enum colour colour, const char *words)
{
	char *copy = arena_copy(&text->arena, words);
	escape_cut(copy, text->width > indent ? text->width - indent : 1);
	fprintf(text->out, "%*s", (int)indent, "");
	put(text, colour, copy, strlen(copy));
	fputc('\n', text->out);
}

/* How many bytes of `words` go on a line of `columns`: up to a space, or through a word that is
 * longer than a line. */
static size_t fitting(const char *words, unsigned columns)
{
	unsigned used = 0;
	size_t end = 0, space = 0;
	uint32_t code;
	size_t length;
	while ((length = escape_decode(words + end, &code))) {
		char one[5] = { 0 };
		memcpy(one, words + end, length);
		used += escape_columns(one);
		if (used > columns && code != ' ')
			return space ? space : end ? end : length;
		if (code == ' ' && end && words[end - 1] != ' ')
			space = end;
		end += length;
	}
	return end;
}

void text_title(struct text *text, unsigned indent, enum colour colour, const char *words)
{
	for (bool first = true; first || *words; first = false) {
		unsigned before = first ? indent : indent + TITLE_HANG;
		size_t length = fitting(words, text->width - before);
		fprintf(text->out, "%*s", (int)before, "");
		put(text, colour, words, length);
		fputc('\n', text->out);
		words += length;
		words += strspn(words, " ");
	}
}

void text_words(struct text *text, const char *label, const char *words)
{
	unsigned columns = text->width > LABEL_WIDTH + 20 ? text->width - LABEL_WIDTH : 20;
	fprintf(text->out, "%*s", (int)LABEL_INDENT, "");
	put(text, COLOUR_BOLD, label, strlen(label));
	int pad = (int)(LABEL_WIDTH - LABEL_INDENT) - (int)strlen(label);
	if (!*words)
		pad = 0;
	for (bool first = true; first || *words; first = false) {
		fprintf(text->out, "%*s", first ? pad : (int)LABEL_WIDTH, "");
		size_t length = fitting(words, columns);
		fwrite(words, 1, length, text->out);
		fputc('\n', text->out);
		words += length;
		words += strspn(words, " ");
	}
}

char *text_number(struct text *text, uint64_t number)
{
	char plain[24], *made = arena_alloc(&text->arena, 32), *to = made;
	int length = snprintf(plain, sizeof(plain), "%" PRIu64, number);
	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0 && length > 4)
			*to++ = ',';
		*to++ = plain[i];
	}
	return made;
}

char *text_count(struct text *text, uint64_t count, const char *one, const char *many)
{
	return text_make(text, "%s %s", text_number(text, count), count == 1 ? one : many);
}

/* The larger unit, and the smaller one when there is something of it. */
static char *two_units(struct text *text, uint64_t whole, const char *unit, uint64_t part,
		       const char *part_unit)
{
	if (!part)
		return text_make(text, "%s %s", text_number(text, whole), unit);
	return text_make(text, "%s %s %u %s", text_number(text, whole), unit, (unsigned)part,
			 part_unit);
}

char *text_duration(struct text *text, uint64_t ms)
{
	uint64_t s = ms / 1000;
	if (ms < 1000)
		return text_make(text, "%u ms", (unsigned)ms);
	if (s < 60)
		return text_make(text, "%u s", (unsigned)s);
	if (s < 3600)
		return two_units(text, s / 60, "min", s % 60, "s");
	if (s < 86400)
		return two_units(text, s / 3600, "h", s % 3600 / 60, "min");
	return two_units(text, s / 86400, "d", s % 86400 / 3600, "h");
}

char *text_call(struct text *text, const char *call)
{
	static const char *const no_calls[] = { "inherited", "received", "adopted", "SO_ERROR" };
	char *safe = text_safe(text, call);
	for (size_t i = 0; i < sizeof(no_calls) / sizeof(*no_calls); i++) {
		if (!strcmp(safe, no_calls[i]))
			return safe;
	}
	return strpbrk(safe, " ()") ? safe : text_make(text, "%s()", safe);
}
