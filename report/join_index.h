/* SPDX-License-Identifier: MIT */
/* Which audited socket a cookie or an inode means. */
#ifndef JOIN_INDEX_H
#define JOIN_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct audited_socket;
struct index_entry;

/* Zeroed at first; index_free(). */
struct socket_index {
	struct index_entry *entries;
	size_t count, room;
};

/* Cookies and inodes are unique within a boot; `boot` tells boots apart. NULL: not there. */
struct audited_socket *index_find(const struct socket_index *index, uint64_t value, uint64_t boot);
/* That it will be looked up soon: memory is slower than everything else here. */
void index_expect(const struct socket_index *index, uint64_t value, uint64_t boot);
/* Room for so many at once: a table that grows is written twice over. */
void index_reserve(struct socket_index *index, size_t count);
void index_add(struct socket_index *index, uint64_t value, uint64_t boot,
	       struct audited_socket *socket);
void index_free(struct socket_index *index);
uint64_t index_boot(const char *boot_id);
/* Spreads a number over all 64 bits. */
uint64_t index_hash(uint64_t value);

#endif
