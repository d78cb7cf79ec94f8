/* SPDX-License-Identifier: MIT */
/* The memory of one report; see arena.h. */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_SIZE (64u << 10) /* of the first; later ones are larger, up to: */
#define BLOCK_MOST (32u << 20)
#define HUGE_PAGE  (2u << 20)
#define PAGE	   4096u
#define ALIGNMENT  _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

void (*arena_out_of_memory)(void) = abort;

void memory_is_large(void *memory, size_t size)
{
	uintptr_t first = ((uintptr_t)memory + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	if (size >= 2 * HUGE_PAGE)
		madvise((void *)first, size - PAGE, MADV_HUGEPAGE);
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block = NULL;

	/* calloc leaves large blocks untouched, so what is never used costs nothing. */
	if (size <= SIZE_MAX - sizeof(*block))
		block = calloc(1, sizeof(*block) + size);
	if (!block) {
		arena_out_of_memory();
		abort();
	}
	block->size = size;
	memory_is_large(block, size);
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;

	if (size > SIZE_MAX - ALIGNMENT) {
		arena_out_of_memory();
		abort();
	}
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > BLOCK_SIZE / 4) {
		/* Behind the current block, which may have room left for small pieces. */
		struct arena_block *large = block_new(size);
		large->used = size;
		if (block) {
			large->next = block->next;
			block->next = large;
		} else {
			arena->blocks = large;
		}
		return large->bytes;
	}
	if (!block || block->size - block->used < size) {
		size_t larger = arena->pieces ? 2 * arena->pieces : BLOCK_SIZE;
		arena->pieces = larger < BLOCK_MOST ? larger : BLOCK_MOST;
		block = block_new(arena->pieces);
		block->next = arena->blocks;
		arena->blocks = block;
	}
	void *piece = block->bytes + block->used;
	block->used += size;
	return piece;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return arena_alloc(arena, bytes);
}

void *arena_more(struct arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	size_t larger = *room ? *room * 2 : 8;
	void *moved = arena_array(arena, larger, size);
	if (count)
		memcpy(moved, array, count * size);
	*room = larger;
	return moved;
}

char *arena_copy(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_alloc(arena, size), text, size);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments, again;

	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *text = arena_alloc(arena, (size_t)(length < 0 ? 0 : length) + 1);
	if (length > 0)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void arena_take(struct arena *arena, struct arena *from)
{
	/* Behind the current block, which may have room left. */
	struct arena_block **end = arena->blocks ? &arena->blocks->next : &arena->blocks,
			   *rest = *end;

	*end = from->blocks;
	while (*end)
		end = &(*end)->next;
	*end = rest;
	*from = (struct arena){ NULL };
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	arena->pieces = 0;
}
