/* SPDX-License-Identifier: MIT */
/* Numbers for frames and stacks; see frame_numbers.h. */
#include "frame_numbers.h"

#include "hash.h"

#include <string.h>

struct numbered_frame {
	UT_hash_handle hh;
	uint32_t number;
	unsigned char key[];
};

/* A frame and those that led to it. */
struct numbered_stack {
	UT_hash_handle hh;
	struct stack_key {
		uint32_t outer, frame;
	} key;
	uint32_t number;
};

struct frame_numbers {
	struct arena *arena;
	enum frame_terms terms;
	struct numbered_frame *frames;
	struct numbered_stack *stacks;
	uint32_t frame_count, stack_count;
	unsigned char *key; /* of the frame that is looked for */
	size_t key_size, key_room;
};

struct frame_numbers *frame_numbers_new(struct arena *arena, enum frame_terms terms)
{
	struct frame_numbers *numbers = arena_alloc(arena, sizeof(*numbers));

	numbers->arena = arena;
	numbers->terms = terms;
	return numbers;
}

void frame_numbers_free(struct frame_numbers *numbers)
{
	HASH_CLEAR(hh, numbers->frames);
	HASH_CLEAR(hh, numbers->stacks);
	free(numbers->key);
	numbers->key = NULL;
}

static void key_add(struct frame_numbers *numbers, const void *bytes, size_t size)
{
	if (numbers->key_room - numbers->key_size < size) {
		size_t room = 2 * (numbers->key_size + size);
		unsigned char *key = realloc(numbers->key, room);
		if (!key) {
			arena_out_of_memory();
			abort();
		}
		numbers->key = key;
		numbers->key_room = room;
	}
	memcpy(numbers->key + numbers->key_size, bytes, size);
	numbers->key_size += size;
}

/* With its end, so that "ab","c" differs from "a","bc"; what nobody knows is no empty text. */
static void key_add_text(struct frame_numbers *numbers, const char *text)
{
	const char known = text != NULL;

	key_add(numbers, &known, 1);
	if (text)
		key_add(numbers, text, strlen(text) + 1);
}

static void key_add_module(struct frame_numbers *numbers, const struct frame *frame)
{
	/* Equal files have equal build-ids; those without one are told apart by their path. */
	key_add_text(numbers, frame->build_id);
	if (!frame->build_id)
		key_add_text(numbers, frame->module);
}

static void key_make(struct frame_numbers *numbers, const struct frame *frame)
{
	numbers->key_size = 0;
	key_add(numbers, &frame->line, sizeof(frame->line));
	if (!frame->line) {
		key_add(numbers, &frame->offset, sizeof(frame->offset));
		/* Functions that were inlined there have the same offset. */
		key_add_text(numbers, frame->function);
		key_add_module(numbers, frame);
		return;
	}
	key_add_text(numbers, frame->file);
	key_add_text(numbers, frame->function);
	if (numbers->terms == FRAME_CODE)
		key_add_module(numbers, frame);
}

uint32_t frame_number(struct frame_numbers *numbers, const struct frame *frame)
{
	struct numbered_frame *found;

	if (!frame)
		return 0;
	key_make(numbers, frame);
	HASH_FIND(hh, numbers->frames, numbers->key, numbers->key_size, found);
	if (found)
		return found->number;
	found = arena_alloc(numbers->arena, sizeof(*found) + numbers->key_size);
	memcpy(found->key, numbers->key, numbers->key_size);
	found->number = ++numbers->frame_count;
	HASH_ADD(hh, numbers->frames, key, numbers->key_size, found);
	return found->number;
}

uint32_t frames_number(struct frame_numbers *numbers, const struct frame *frames, size_t count)
{
	uint32_t number = 0;

	/* From the outermost on: what many stacks share is kept once. */
	while (count--) {
		struct stack_key key = { number, frame_number(numbers, &frames[count]) };
		struct numbered_stack *found;
		HASH_FIND(hh, numbers->stacks, &key, sizeof(key), found);
		if (!found) {
			found = arena_alloc(numbers->arena, sizeof(*found));
			found->key = key;
			found->number = ++numbers->stack_count;
			HASH_ADD(hh, numbers->stacks, key, sizeof(found->key), found);
		}
		number = found->number;
	}
	return number;
}
