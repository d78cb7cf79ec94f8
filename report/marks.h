/* SPDX-License-Identifier: MIT */
/*
 * What was going on when: names with a time and a process. From ledgers (sockaudit_mark()), and
 * from a run's file, to which anybody may append lines:
 *
 *     TIME <tab> PID <tab> NAME     seconds since 1970, with a fraction
 *     PID <tab> NAME                noticed by the run within milliseconds
 *     NAME
 *
 * An empty name ends the one before. A moment of a process belongs to the last mark that it or its
 * nearest marking ancestor had set; if none of them ever did, to the last of anybody.
 */
#ifndef MARKS_H
#define MARKS_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

struct marks;

struct marks *marks_new(struct arena *arena);
void marks_add(struct marks *marks, uint64_t realtime_ns, uint32_t pid, const char *name);
/* Its ledger had no room for some of the names. */
void marks_lack_names(struct marks *marks, uint32_t pid);
/* A process that is one test as a whole. */
void marks_add_process(struct marks *marks, uint32_t pid, const char *name);
/* Who made whom, as far as somebody knows. */
void marks_add_parent(struct marks *marks, uint32_t pid, uint32_t parent);
/* The file of a run, after the ledgers' own; false: it can't be read. */
bool marks_read(struct marks *marks, const char *path);
/* Before questions are asked, after all was added. */
void marks_finish(struct marks *marks);
/* The name of what was going on in a process; NULL: nothing was. */
const char *marks_at(const struct marks *marks, uint32_t pid, uint64_t realtime_ns);
/* When the last was set that decides over a process, until then; 0: none. Its own do, or those of
 * its nearest marking ancestor; without one, those that name no process: what a stranger sets
 * beside it would be chance. */
uint64_t marks_last(const struct marks *marks, uint32_t pid, uint64_t until_ns);
/* Whether any of those was set between two moments. */
bool marks_between(const struct marks *marks, uint32_t pid, uint64_t after_ns, uint64_t until_ns);
/* The names, each once, in their order; memory is the arena's. */
const char **marks_names(const struct marks *marks, size_t *count);
void marks_free(struct marks *marks);

#endif
