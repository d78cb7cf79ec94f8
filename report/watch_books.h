/* SPDX-License-Identifier: MIT */
/*
 * Where the live view's model comes from: the ledgers' counters at each tick, and a whole analysis
 * as often as that may be had.
 */
#ifndef WATCH_BOOKS_H
#define WATCH_BOOKS_H

#include "analysis.h"
#include "watch_members.h"
#include "watch_model.h"

struct watch_books {
	struct watch_model model;
	struct watch_members members;
	struct code *code;   /* what is known of it stays from one analysis to the next */
	struct arena memory; /* the code's */
	size_t site_room, stack_room, process_room;
	uint32_t *site_of, *stack_of; /* by number of code.h: index + 1 */
	size_t site_of_room, stack_of_room;
	uint64_t tick_ns[WATCH_SAMPLES]; /* a ring, as the sites' samples */
	uint64_t ticks;
	struct analysis_settings settings;
	struct analysis analysis;
	size_t socket_room;
};

/* `named`: process ids as texts; none: everybody's. */
void books_start(struct watch_books *books, const char *const *named, bool no_children,
		 const struct grace *grace);
/* Looks for processes that are not known yet. 0, or -errno and *trouble, which is the arena's. */
int books_search(struct watch_books *books, struct arena *arena, const char **trouble);
/* Reads the counters, and whether the processes run. */
void books_tick(struct watch_books *books);
/* Asks the kernel and judges. 0 or -errno: then there is none. */
int books_analyse(struct watch_books *books);
void books_free(struct watch_books *books);

/* For watch_sockets.c: the index of a stack's site, and the sites' live once more. */
uint32_t books_site(struct watch_books *books, uint32_t code);
void books_live(struct watch_books *books);

#endif
