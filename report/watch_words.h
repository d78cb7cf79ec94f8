/* SPDX-License-Identifier: MIT */
/* Numbers, ages and places, as short as a column of the live view. Memory is the arena's. */
#ifndef WATCH_WORDS_H
#define WATCH_WORDS_H

#include "arena.h"
#include "model.h"

/* "10,002"; from ten millions on "12.3M". */
const char *words_count(struct arena *arena, uint64_t count);
/* In five columns: "12345", "123k", "12.3M". */
const char *words_short(struct arena *arena, uint64_t count);
/* "7s", "3m20s", "2h05m", "3d04h". */
const char *words_age(struct arena *arena, uint64_t ms);
/* In five columns: "4413", "0.4". */
const char *words_rate(struct arena *arena, double rate);
/* In six: "+12", "0". */
const char *words_growth(struct arena *arena, double growth);
/* "pool.c:35 take()"; `whole`: with the file's whole path. "an unknown place" for NULL. */
const char *words_place(struct arena *arena, const struct frame *frame, bool whole);

#endif
