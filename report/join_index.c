/* SPDX-License-Identifier: MIT */
/* Which audited socket a cookie or an inode means; see join_index.h. */
#include "join_index.h"

#include "hash.h"

struct index_key {
	uint64_t value, boot;
};

struct index_entry {
	struct index_key key;
	struct audited_socket *socket;
	UT_hash_handle hh;
};

struct audited_socket *index_find(const struct socket_index *index, uint64_t value, uint64_t boot)
{
	struct index_key key = { value, boot };
	struct index_entry *entry;

	HASH_FIND(hh, index->entries, &key, sizeof(key), entry);
	return entry ? entry->socket : NULL;
}

void index_add(struct socket_index *index, uint64_t value, uint64_t boot,
	       struct audited_socket *socket)
{
	struct index_entry *entry = arena_alloc(index->arena, sizeof(*entry));

	entry->key = (struct index_key){ value, boot };
	entry->socket = socket;
	HASH_ADD(hh, index->entries, key, sizeof(entry->key), entry);
}

void index_free(struct socket_index *index)
{
	HASH_CLEAR(hh, index->entries);
}

uint64_t index_boot(const char *boot_id)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (; *boot_id; boot_id++)
		hash = (hash ^ (unsigned char)*boot_id) * 0x100000001b3u;
	return hash;
}
