/* SPDX-License-Identifier: MIT */
/* The folder of symbol_cache.c: only we may write to it, and it stays small. Whatever fails, fails
 * in silence: a report is as good without. */
#ifndef CACHE_FOLDER_H
#define CACHE_FOLDER_H

#include "symbols_wire.h"

/* As symbol_cache_open() is asked; made if it is missing. A descriptor, or -1. */
int cache_folder_open(const char *folder);
void cache_folder_close(int folder);
/* Whether a user's word for it means one that can be used, or "none". */
bool cache_folder_is_good(const char *folder);

/* Puts the whole file into *file, if it is ours and not larger than `limit`. */
bool cache_folder_read(int folder, const char *name, size_t limit, struct wire *file);
/* Replaces the file, whole or not at all. */
void cache_folder_write(int folder, const char *name, const struct wire *file);
/* Removes what was used the longest time ago, until the rest is small enough. */
void cache_folder_trim(int folder);

#endif
