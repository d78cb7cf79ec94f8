/* SPDX-License-Identifier: MIT */
/* Where the reader of the live view is, and what keys do; see watch_view.h. */
#include "watch_view.h"

#include <stdlib.h>
#include <string.h>

struct ordering {
	const struct watch_model *model;
	enum watch_order order;
};

static int more(double left, double right)
{
	return left > right ? -1 : left < right;
}

static int compare_by(enum watch_order order, const struct watch_site *left,
		      const struct watch_site *right)
{
	switch (order) {
	case ORDER_LEAKED:
		return more((double)left->leaked, (double)right->leaked);
	case ORDER_HALF_CLOSED:
		return more((double)left->half_closed, (double)right->half_closed);
	case ORDER_LIVE:
		return more((double)left->live, (double)right->live);
	case ORDER_RATE:
		return more(left->per_second, right->per_second);
	case ORDER_GROWTH:
		return more(left->growth_per_minute, right->growth_per_minute);
	case ORDER_OLDEST:
		/* Unknown ones last. */
		return more(-(double)(left->oldest_ns - 1), -(double)(right->oldest_ns - 1));
	case ORDER_PLACE:
	case ORDER_COUNT:
		break;
	}
	return 0;
}

static int compare_places(const struct frame *left, const struct frame *right)
{
	if (!left || !right)
		return !left - !right;
	const char *a = left->file     ? left->file
			: left->module ? left->module
				       : "",
		   *b = right->file	? right->file
			: right->module ? right->module
					: "";
	int names = strcmp(a, b);

	return names ? names : left->line < right->line ? -1 : left->line > right->line;
}

static int compare(const void *a, const void *b, void *argument)
{
	static const enum watch_order then[] = { ORDER_LEAKED, ORDER_HALF_CLOSED, ORDER_LIVE };
	const struct ordering *ordering = argument;
	const uint32_t *one = a, *other = b;
	const struct watch_site *left = &ordering->model->sites[*one],
				*right = &ordering->model->sites[*other];
	int result = compare_by(ordering->order, left, right);

	for (int i = 0; i < 3 && !result && ordering->order != ORDER_PLACE; i++)
		result = compare_by(then[i], left, right);
	if (!result)
		result = compare_places(left->frame, right->frame);
	return result ? result : *one < *other ? -1 : *one > *other;
}

static void scroll_hold(struct watch_scroll *scroll)
{
	size_t room = scroll->room ? scroll->room : 1;

	if (scroll->cursor >= scroll->count)
		scroll->cursor = scroll->count ? scroll->count - 1 : 0;
	if (scroll->cursor < scroll->top)
		scroll->top = scroll->cursor;
	if (scroll->cursor >= scroll->top + room)
		scroll->top = scroll->cursor - room + 1;
	/* No empty lines below while some are hidden above. */
	if (scroll->top + room > scroll->count)
		scroll->top = scroll->count > room ? scroll->count - room : 0;
}

void view_follow(struct watch_view *view, const struct watch_model *model)
{
	struct ordering ordering = { model, view->order };

	if (model->site_count > view->site_room) {
		view->site_room = model->site_count * 2;
		view->sites = reallocarray(view->sites, view->site_room, sizeof(*view->sites));
		if (!view->sites) {
			arena_out_of_memory();
			abort();
		}
	}
	for (size_t i = 0; i < model->site_count; i++)
		view->sites[i] = (uint32_t)i;
	if (model->site_count)
		qsort_r(view->sites, model->site_count, sizeof(*view->sites), compare, &ordering);
	view->list.count = model->site_count;
	for (size_t i = 0; i < model->site_count && view->chosen; i++)
		if (view->sites[i] == view->selected)
			view->list.cursor = i;
	scroll_hold(&view->list);
	if (model->site_count)
		view->selected = view->sites[view->list.cursor];
	if (view->page == PAGE_SITE && view->page_analyses != model->analyses + 1)
		page_make(view, model);
	scroll_hold(&view->lines);
}

static void scroll_key(struct watch_scroll *scroll, enum watch_key key)
{
	size_t page = scroll->room > 1 ? scroll->room - 1 : 1, last = scroll->count;

	last -= last > 0;
	if (key == WATCH_UP)
		scroll->cursor -= scroll->cursor > 0;
	if (key == WATCH_DOWN)
		scroll->cursor += scroll->cursor < last;
	if (key == WATCH_PAGE_UP)
		scroll->cursor = scroll->cursor > page ? scroll->cursor - page : 0;
	if (key == WATCH_PAGE_DOWN)
		scroll->cursor = last - scroll->cursor > page ? scroll->cursor + page : last;
	if (key == WATCH_TOP)
		scroll->cursor = 0;
	if (key == WATCH_BOTTOM)
		scroll->cursor = last;
	scroll_hold(scroll);
}

static void move(struct watch_view *view, const struct watch_model *model, enum watch_key key)
{
	if (view->page == PAGE_SITE) {
		scroll_key(&view->lines, key);
	} else if (view->page == PAGE_SITES && model->site_count) {
		scroll_key(&view->list, key);
		view->selected = view->sites[view->list.cursor];
		view->chosen = true;
	}
}

enum watch_wish view_key(struct watch_view *view, const struct watch_model *model,
			 enum watch_key key)
{
	view->message = NULL;
	if (view->page == PAGE_HELP && key != WATCH_RESIZED && key != WATCH_NO_KEY) {
		view->page = view->before_help;
		return WISH_NOTHING;
	}
	switch (key) {
	case WATCH_UP:
	case WATCH_DOWN:
	case WATCH_PAGE_UP:
	case WATCH_PAGE_DOWN:
	case WATCH_TOP:
	case WATCH_BOTTOM:
		move(view, model, key);
		break;
	case WATCH_OPEN:
		if (view->page != PAGE_SITES || !model->site_count)
			break;
		view->page = PAGE_SITE;
		view->chosen = true;
		view->lines = (struct watch_scroll){ .top = 0 };
		view->page_analyses = 0;
		return WISH_ASK;
	case WATCH_QUIT:
		if (view->page == PAGE_SITES)
			return WISH_QUIT;
		view->page = PAGE_SITES;
		break;
	case WATCH_BACK:
		view->page = PAGE_SITES;
		break;
	case WATCH_SORT:
		if (view->page == PAGE_SITES)
			view->order = (view->order + 1) % ORDER_COUNT;
		break;
	case WATCH_HELP:
		view->before_help = view->page;
		view->page = PAGE_HELP;
		break;
	case WATCH_EDIT:
		return WISH_EDIT;
	case WATCH_ASK:
		return WISH_ASK;
	case WATCH_RESIZED:
		view->page_analyses = 0; /* its lines were made for another width */
		break;
	case WATCH_NO_KEY:
	case WATCH_OTHER:
		break;
	}
	return WISH_NOTHING;
}

const struct frame *view_frame(const struct watch_view *view, const struct watch_model *model)
{
	const struct frame *frame = NULL;

	if (view->page == PAGE_SITE && view->lines.cursor < view->lines.count)
		frame = view->page_lines[view->lines.cursor].frame;
	if (!frame && view->selected < model->site_count)
		frame = model->sites[view->selected].frame;
	return frame;
}

void view_free(struct watch_view *view)
{
	free(view->sites);
	arena_free(&view->page_memory);
	if (view->roots.paths)
		source_roots_free(&view->roots);
}
