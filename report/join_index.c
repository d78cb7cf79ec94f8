/* SPDX-License-Identifier: MIT */
/*
 * Which audited socket a cookie or an inode means; see join_index.h. A table with open addressing:
 * of a million sockets each is looked up several times, and a chain of records would be a walk
 * through all of memory.
 */
#include "join_index.h"

#include "arena.h"

#include <stdlib.h>
#include <sys/random.h>

struct index_entry {
	uint64_t value, boot;
	struct audited_socket *socket; /* NULL: none stands here */
};

/* So that no ledger can be made to meet one place again and again. Set before there is any index,
 * and so before there are threads that hash. */
static uint64_t seed;

uint64_t index_hash(uint64_t value)
{
	value ^= seed;
	value = (value ^ value >> 32) * 0x9e3779b97f4a7c15u;
	value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9u;
	return value ^ value >> 32;
}

/* Where it stands, or would. */
static struct index_entry *place_of(const struct socket_index *index, uint64_t value, uint64_t boot)
{
	size_t at = index_hash(value ^ boot) & (index->room - 1);

	while (index->entries[at].socket &&
	       (index->entries[at].value != value || index->entries[at].boot != boot))
		at = (at + 1) & (index->room - 1);
	return &index->entries[at];
}

struct audited_socket *index_find(const struct socket_index *index, uint64_t value, uint64_t boot)
{
	return index->room ? place_of(index, value, boot)->socket : NULL;
}

void index_expect(const struct socket_index *index, uint64_t value, uint64_t boot)
{
	if (index->room)
		__builtin_prefetch(&index->entries[index_hash(value ^ boot) & (index->room - 1)]);
}

void index_reserve(struct socket_index *index, size_t count)
{
	struct socket_index larger = { .count = index->count, .room = 64 };

	while (4 * count > 3 * larger.room)
		larger.room *= 2;
	if (larger.room <= index->room)
		return;
	if (!seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uintptr_t)&larger;
	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (!larger.entries) {
		arena_out_of_memory();
		abort();
	}
	memory_is_large(larger.entries, larger.room * sizeof(*larger.entries));
	for (size_t i = 0; i < index->room; i++) {
		const struct index_entry *entry = &index->entries[i];
		if (entry->socket)
			*place_of(&larger, entry->value, entry->boot) = *entry;
	}
	free(index->entries);
	*index = larger;
}

void index_add(struct socket_index *index, uint64_t value, uint64_t boot,
	       struct audited_socket *socket)
{
	index_reserve(index, index->count + 1);
	struct index_entry *entry = place_of(index, value, boot);
	index->count += !entry->socket;
	*entry = (struct index_entry){ value, boot, socket };
}

void index_free(struct socket_index *index)
{
	free(index->entries);
	*index = (struct socket_index){ .entries = NULL };
}

uint64_t index_boot(const char *boot_id)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *boot_id; boot_id++)
		hash = (hash ^ (unsigned char)*boot_id) * 0x100000001b3u;
	return hash;
}
