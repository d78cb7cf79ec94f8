/* SPDX-License-Identifier: MIT */
/*
 * From code addresses to functions, files and lines, by elfutils' libdw: inline frames, separate
 * debug files by build-id, demangled names. Modules are cached for the life of a struct symbols.
 * Files are hostile input.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include "model.h"

struct symbols;

/* A return address as the ledger knows it. */
struct code_address {
	const char *path; /* module's path as the process saw it; NULL unknown */
	const char *root; /* prefix under which that path stands now ("/proc/812/root"), or "" */
	const uint8_t *build_id;
	unsigned build_id_size; /* 0 unknown */
	uint64_t offset; /* ELF virtual address of the return address; the call is at offset - 1 */
};

/* NULL when memory is out. */
struct symbols *symbols_new(void);
/* Also writes what is to be kept. */
void symbols_free(struct symbols *symbols);

/* Keeps what is learned for the next report, and learns from the last one's: symbol_cache.h tells
 * of `folder`. */
void symbols_keep_in(struct symbols *symbols, const char *folder);

/*
 * The stack of `count` return addresses, innermost first, in source terms: inlined functions
 * unfolded, libc's own frames at the top left out (also its headers' inlined wrappers), every
 * frame's module, offset and build_id set even when nothing else is known. Frames and their strings
 * live as long as `symbols`. 0 or -ENOMEM.
 */
int symbols_stack(struct symbols *symbols, const struct code_address *addresses, size_t count,
		  struct stack *stack);

#endif
