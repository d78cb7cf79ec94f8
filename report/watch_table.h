/* SPDX-License-Identifier: MIT */
/* One picture of the live view while it is drawn: for watch_screen.c, and watch_table.c, whose
 * table of sites it is. */
#ifndef WATCH_TABLE_H
#define WATCH_TABLE_H

#include "arena.h"
#include "watch_view.h"

struct screen {
	struct watch_view *view;
	const struct watch_model *model;
	struct arena *memory; /* of this frame */
	int lines, columns;
};

static inline int put(const struct screen *screen, int line, int column, enum watch_look look,
		      const char *text)
{
	return terminal_put(line, column, screen->columns, look, text);
}

/* Our own words, a byte each, that end before a column. */
void put_right(int line, int right, int width, enum watch_look look, const char *text);

void table_head(const struct screen *screen, int at);
void table_row(const struct screen *screen, int at, const struct watch_site *site, bool selected);
/* "live 50  half-closed 5 ..." */
const char *table_words(const struct screen *screen, const struct watch_site *site);
/* "leaked" */
const char *table_order(enum watch_order order);

#endif
