/* SPDX-License-Identifier: MIT */
/*
 * Numbers for frames and stacks, equal for what a reader would call the same. A compiler turns one
 * line of source into several addresses (inlining, unrolled loops, duplicated tails), and nobody
 * who opens that line sees more than one.
 */
#ifndef FRAME_NUMBERS_H
#define FRAME_NUMBERS_H

#include "arena.h"
#include "model.h"

/* Where no line is known, the same is the same offset in the same module, whatever the terms. */
enum frame_terms {
	FRAME_CODE,  /* the same line and function of the same module */
	FRAME_PLACE, /* the same line and function, whichever modules it was compiled into */
};

struct frame_numbers;

/* Memory is the arena's; frame_numbers_free() gives back what the arena doesn't hold. */
struct frame_numbers *frame_numbers_new(struct arena *arena, enum frame_terms terms);
void frame_numbers_free(struct frame_numbers *numbers);

/* From 1 on, each new one the next; 0 for NULL. */
uint32_t frame_number(struct frame_numbers *numbers, const struct frame *frame);
/* The same for `count` frames together, innermost first; 0 for none. */
uint32_t frames_number(struct frame_numbers *numbers, const struct frame *frames, size_t count);

#endif
