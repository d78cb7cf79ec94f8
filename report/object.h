/* SPDX-License-Identifier: MIT */
/*
 * One ELF file with what describes it: its symbols, its DWARF or that of its separate debug file.
 * Parses hostile input with libdw, so it runs in the process of symbols_worker.c only.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

enum object_trouble {
	OBJECT_GOOD,
	OBJECT_GONE,	 /* no such file any more */
	OBJECT_REPLACED, /* another build-id than the one that ran */
	OBJECT_REFUSED,	 /* not ours to read */
	OBJECT_FOREIGN,	 /* no regular file, or no ELF file */
	OBJECT_DAMAGED,	 /* ELF, but it can't be parsed */
	OBJECT_TROUBLES
};

/* A position in the source. The strings are malloc'd; NULL unknown. */
struct position {
	char *function, *file;
	unsigned line; /* 0 unknown */
	bool inlined;
	bool tail_call;	  /* left no frame: it jumped to what is further in */
	uint64_t address; /* of the call: another than the one asked for when it is a tail call */
};

struct object_request {
	const char *path, *root;
	const uint8_t *build_id; /* what ran; size 0: unknown */
	size_t build_id_size;
	bool symbols_only; /* leave the DWARF alone */
};

/* What an answer was read from, as far as a later one may differ: the file, its separate debug file
 * and the one that dwz moved shared parts to. Zero: there is none. */
struct object_sources {
	struct {
		uint64_t size, changed_ns;
	} file, debug, shared;
};

/* NULL and the reason when it can't be used. */
struct object *object_open(const struct object_request *request, enum object_trouble *trouble);
void object_close(struct object *object);

/* Whether it is a shared library rather than a program. */
bool object_is_library(const struct object *object);

/* Finds them; they don't change any more while it is open. */
void object_sources(struct object *object, struct object_sources *sources);

/* Whether files that `sources` does not tell of had a part in its positions: split DWARF. */
bool object_is_passing(const struct object *object);

/* For `inner`: in another module, or nothing is further in. */
#define OBJECT_OUTSIDE UINT64_MAX

/* What is known of the call at ELF address `address`: one position, or several innermost first when
 * functions were inlined there; none when nothing is known. Before them the tail calls that led to
 * the frame at `inner`. Fills *positions (malloc'd, the caller frees it with positions_free) and
 * *count. 0 or -ENOMEM. */
int object_positions(struct object *object, uint64_t address, uint64_t inner,
		     struct position **positions, size_t *count);
void positions_free(struct position *positions, size_t count);

#endif
