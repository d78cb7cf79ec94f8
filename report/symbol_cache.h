/* SPDX-License-Identifier: MIT */
/*
 * What was read of modules' debug information, kept for the next report: a file for each build-id,
 * in a folder of our own. A cache may be missing, old, damaged or somebody else's: then it is as if
 * it were empty, and nobody is told.
 */
#ifndef SYMBOL_CACHE_H
#define SYMBOL_CACHE_H

#include "symbols_wire.h"

struct symbol_cache;
struct cached_module;

/* `folder`: "" is sockaudit/ in $XDG_CACHE_HOME, else in ~/.cache; NULL and "none": there is none.
 * NULL where there is none, or it can't be used. */
struct symbol_cache *symbol_cache_open(const char *folder);
/* Writes what is new. */
void symbol_cache_close(struct symbol_cache *cache);

/* What is kept of the module with that build-id (hex), as far as it was read from the same
 * sources. NULL: memory is out. The cache's. */
struct cached_module *symbol_cache_module(struct symbol_cache *cache, const char *build_id,
					  const struct object_sources *sources);
/* The answer to a question (symbols_worker_ask); the caller frees its positions. */
bool cached_module_find(const struct cached_module *module, uint64_t address, uint64_t inner,
			struct symbols_answer *answer);
void cached_module_add(struct cached_module *module, uint64_t address, uint64_t inner,
		       const struct symbols_answer *answer);

#endif
