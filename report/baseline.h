/* SPDX-License-Identifier: MIT */
/*
 * The findings that were there before: a text file made for git, a line each, sorted, without
 * counts and line numbers, so that it changes only when a finding comes or goes.
 *
 *     # sockaudit baseline 1
 *     FINGERPRINT RULE SITE
 */
#ifndef BASELINE_H
#define BASELINE_H

#include "arena.h"
#include "model.h"

/* Sets the status of findings that stand in it, and the report's list of those that stand there
 * and were not found. 0, or -errno and *trouble (-ENOENT: no such file). */
int baseline_apply(struct arena *arena, const char *path, struct report *report,
		   const char **trouble);
/* Writes the findings that are not suppressed; the file is replaced whole or not at all. */
int baseline_write(struct arena *arena, const char *path, const struct report *report,
		   const char **trouble);

#endif
