/* SPDX-License-Identifier: MIT */
/* Where the reader of the live view is: which page, which line, in what order; and what keys do. */
#ifndef WATCH_VIEW_H
#define WATCH_VIEW_H

#include "arena.h"
#include "source_line.h"
#include "watch_model.h"
#include "watch_terminal.h"

enum watch_page { PAGE_SITES, PAGE_SITE, PAGE_HELP };

enum watch_order {
	ORDER_LEAKED,
	ORDER_HALF_CLOSED,
	ORDER_LIVE,
	ORDER_RATE,
	ORDER_GROWTH,
	ORDER_OLDEST,
	ORDER_PLACE,
	ORDER_COUNT,
};

/* A list that is longer than the screen. */
struct watch_scroll {
	size_t top, cursor, count, room; /* room: lines on the screen */
};

/* A line of a site's page. */
struct watch_line {
	const char *text;
	enum watch_look look;
	const struct frame *frame; /* what `e` opens there; NULL: the site */
};

struct watch_view {
	enum watch_page page, before_help;
	enum watch_order order;
	uint32_t *sites; /* indexes, in that order */
	size_t site_room;
	uint32_t selected; /* index of the site under the cursor, which goes where it goes */
	bool chosen;	   /* by a key: until then the first one is */
	struct watch_scroll list, lines;
	/* The page of a site: made anew when an analysis is. */
	struct watch_line *page_lines;
	struct arena page_memory;
	uint64_t page_analyses;
	struct source_roots roots;
	const char *message; /* in place of the keys, until the next one; NULL */
	bool asking;	     /* the kernel, at this moment */
};

/* What a key wants that is not the view's own. */
enum watch_wish { WISH_NOTHING, WISH_QUIT, WISH_ASK, WISH_EDIT };

/* Follows the model: the order, the selection, the page. */
void view_follow(struct watch_view *view, const struct watch_model *model);
enum watch_wish view_key(struct watch_view *view, const struct watch_model *model,
			 enum watch_key key);
/* The place that `e` means; NULL: there is none. */
const struct frame *view_frame(const struct watch_view *view, const struct watch_model *model);
void view_free(struct watch_view *view);

/* watch_page.c: the lines of a site's page. */
void page_make(struct watch_view *view, const struct watch_model *model);
/* watch_screen.c: draws it. */
void screen_draw(struct watch_view *view, const struct watch_model *model);

#endif
