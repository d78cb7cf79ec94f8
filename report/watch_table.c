/* SPDX-License-Identifier: MIT */
/* The table of sites in the live view; see watch_table.h. */
#include "watch_table.h"

#include "watch_words.h"

#include <string.h>

/* A column of the table; those that come first are the last to go when it gets narrow. */
struct column {
	enum watch_order order;
	const char *head;
	int width, least_columns;
	const char *(*text)(const struct screen *screen, const struct watch_site *site);
};

static const char *live(const struct screen *screen, const struct watch_site *site)
{
	return words_short(screen->memory, site->live);
}

static const char *half_closed(const struct screen *screen, const struct watch_site *site)
{
	return screen->model->analysed ? words_short(screen->memory, site->half_closed) : "-";
}

static const char *leaked(const struct screen *screen, const struct watch_site *site)
{
	return screen->model->analysed ? words_short(screen->memory, site->leaked) : "-";
}

static const char *rate(const struct screen *screen, const struct watch_site *site)
{
	return site->rate_known ? words_rate(screen->memory, site->per_second) : "-";
}

static const char *growth(const struct screen *screen, const struct watch_site *site)
{
	return site->growth_known ? words_growth(screen->memory, site->growth_per_minute) : "-";
}

static const char *oldest(const struct screen *screen, const struct watch_site *site)
{
	uint64_t now = screen->model->running ? screen->model->now_ns : screen->model->analysed_ns;

	return words_age(screen->memory, site->oldest_ns && site->live
						 ? (now - site->oldest_ns) / 1000000u
						 : MS_UNKNOWN);
}

static const struct column columns[] = {
	{ ORDER_LIVE, "LIVE", 7, 0, live },
	{ ORDER_HALF_CLOSED, "HALF-CL", 8, 44, half_closed },
	{ ORDER_LEAKED, "LEAKED", 7, 0, leaked },
	{ ORDER_RATE, "NEW/s", 7, 54, rate },
	{ ORDER_GROWTH, "+/min", 7, 72, growth },
	{ ORDER_OLDEST, "OLDEST", 7, 62, oldest },
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(*columns))

static const char *const order_names[ORDER_COUNT] = {
	[ORDER_LEAKED] = "leaked", [ORDER_HALF_CLOSED] = "half-closed",
	[ORDER_LIVE] = "live",	   [ORDER_RATE] = "new/s",
	[ORDER_GROWTH] = "+/min",  [ORDER_OLDEST] = "oldest",
	[ORDER_PLACE] = "place",
};

void put_right(int line, int right, int width, enum watch_look look, const char *text)
{
	int length = (int)strlen(text); /* our own words: a byte each */

	if (length > width)
		length = width;
	terminal_put(line, right - length, width, look, text);
}

static bool is_shown(const struct screen *screen, const struct column *column)
{
	return screen->columns >= column->least_columns;
}

void table_head(const struct screen *screen, int at)
{
	int right = 0;

	terminal_bar(at, LOOK_HEAD);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (!is_shown(screen, &columns[i]))
			continue;
		right += columns[i].width;
		put_right(at, right, columns[i].width, LOOK_HEAD,
			  columns[i].order == screen->view->order
				  ? arena_printf(screen->memory, "*%s", columns[i].head)
				  : columns[i].head);
	}
	put(screen, at, right + 2, LOOK_HEAD,
	    screen->view->order == ORDER_PLACE ? "*OPENED AT" : "OPENED AT");
}

void table_row(const struct screen *screen, int at, const struct watch_site *site, bool selected)
{
	int right = 0;
	enum watch_look look = selected ? LOOK_SELECTED : LOOK_PLAIN;

	if (selected)
		terminal_bar(at, look);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		enum watch_look own = look;
		if (!is_shown(screen, &columns[i]))
			continue;
		if (!selected && columns[i].order == ORDER_LEAKED && site->leaked)
			own = LOOK_BAD;
		if (!selected && columns[i].order == ORDER_HALF_CLOSED && site->half_closed)
			own = LOOK_CAREFUL;
		right += columns[i].width;
		put_right(at, right, columns[i].width - 1, own, columns[i].text(screen, site));
	}
	put(screen, at, right + 2, selected ? look : LOOK_PLACE,
	    words_place(screen->memory, site->frame, false));
}

const char *table_words(const struct screen *screen, const struct watch_site *site)
{
	return arena_printf(screen->memory,
			    "live %s  half-closed %s  leaked %s  new/s %s  +/min %s  oldest %s",
			    live(screen, site), half_closed(screen, site), leaked(screen, site),
			    rate(screen, site), growth(screen, site), oldest(screen, site));
}

const char *table_order(enum watch_order order)
{
	return order_names[order];
}
