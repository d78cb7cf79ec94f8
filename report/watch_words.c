/* SPDX-License-Identifier: MIT */
/* Numbers, ages and places, in few columns; see watch_words.h. */
#include "watch_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *words_count(struct arena *arena, uint64_t count)
{
	if (count >= 10000000)
		return arena_printf(arena, "%.1fM", (double)count / 1e6);
	if (count >= 1000000)
		return arena_printf(arena, "%u,%03u,%03u", (unsigned)(count / 1000000),
				    (unsigned)(count / 1000 % 1000), (unsigned)(count % 1000));
	if (count >= 10000)
		return arena_printf(arena, "%u,%03u", (unsigned)(count / 1000),
				    (unsigned)(count % 1000));
	return arena_printf(arena, "%u", (unsigned)count);
}

const char *words_short(struct arena *arena, uint64_t count)
{
	if (count < 100000)
		return arena_printf(arena, "%u", (unsigned)count);
	if (count < 10000000)
		return arena_printf(arena, "%uk", (unsigned)(count / 1000));
	return arena_printf(arena, "%uM", (unsigned)(count / 1000000));
}

const char *words_age(struct arena *arena, uint64_t ms)
{
	unsigned long s = (unsigned long)(ms / 1000);

	if (ms == MS_UNKNOWN)
		return "-";
	if (s < 60)
		return arena_printf(arena, "%lus", s);
	if (s < 3600)
		return arena_printf(arena, "%lum%02lus", s / 60, s % 60);
	if (s < 86400)
		return arena_printf(arena, "%luh%02lum", s / 3600, s % 3600 / 60);
	return arena_printf(arena, "%lud%02luh", s / 86400, s % 86400 / 3600);
}

const char *words_rate(struct arena *arena, double rate)
{
	if (rate < 0.05)
		return "0";
	if (rate >= 100000)
		return words_short(arena, (uint64_t)rate);
	return arena_printf(arena, rate < 99.95 ? "%.1f" : "%.0f", rate);
}

const char *words_growth(struct arena *arena, double growth)
{
	double size = growth < 0 ? -growth : growth;

	if (size < 0.5)
		return "0";
	return arena_printf(arena, "%c%s", growth < 0 ? '-' : '+',
			    words_short(arena, (uint64_t)(size + 0.5)));
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *words_place(struct arena *arena, const struct frame *frame, bool whole)
{
	if (!frame)
		return "an unknown place";
	const char *function = frame->function;
	size_t length = function ? strlen(function) : 0;
	const char *call = !function ? ""
			   : length && function[length - 1] == ')'
				   ? arena_printf(arena, " %s", function)
				   : arena_printf(arena, " %s()", function);
	if (frame->file) {
		const char *file = whole ? frame->file : last_part(frame->file);
		return frame->line ? arena_printf(arena, "%s:%u%s", file, frame->line, call)
				   : arena_printf(arena, "%s%s", file, call);
	}
	const char *where = frame->module
				    ? arena_printf(arena, "%s+0x%" PRIx64, last_part(frame->module),
						   frame->offset)
				    : arena_printf(arena, "address 0x%" PRIx64, frame->offset);
	return arena_printf(arena, "%s%s", where, call);
}
