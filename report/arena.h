/* SPDX-License-Identifier: MIT */
/*
 * Memory that lives as long as one report: allocated piece by piece, freed at once. Nothing here
 * returns NULL: when memory is out, arena_out_of_memory() is called, which must not return (main.c
 * says so and exits).
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	size_t pieces; /* size of the block for small pieces; 0: none was needed */
};

extern void (*arena_out_of_memory)(void); /* abort() unless set */

/* `size` zeroed bytes, aligned for any object. */
void *arena_alloc(struct arena *arena, size_t size);
/* An array of `count` objects; a product that overflows is memory that is out. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Room for one object more in an array that holds `count`; the array may move. *room is its present
 * size. */
void *arena_more(struct arena *arena, void *array, size_t count, size_t *room, size_t size);
char *arena_copy(struct arena *arena, const char *text);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *arena, const char *format,
							 ...);
/* Of memory that is used all over, if it is so large that its page faults are a good part of its
 * cost: asks for huge pages. For the arena's own, and for large tables elsewhere. */
void memory_is_large(void *memory, size_t size);
/* What another arena has becomes this one's; that one is empty then. */
void arena_take(struct arena *arena, struct arena *from);
/* Frees everything; the arena is empty and may be used again. */
void arena_free(struct arena *arena);

#endif
