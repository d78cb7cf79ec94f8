/* SPDX-License-Identifier: MIT */
/*
 * Findings that somebody has decided to live with. One rule a line, "KIND:PATTERN", in
 * LeakSanitizer's syntax and meaning: `leak` looks at the function, file and module of every frame;
 * `opened` and `evidence` at those of one place; `rule` and `peer` at what they say. A pattern is
 * found anywhere in the text, `*` stands for any run of characters, `^` and `$` for its beginning
 * and end. Lines that begin with # are comments.
 */
#ifndef SUPPRESSIONS_H
#define SUPPRESSIONS_H

#include "arena.h"
#include "model.h"

struct suppressions {
	struct arena *arena;
	struct suppression *items;
	size_t count, room;
	const char **read; /* what ledgers named, so that it is read once */
	size_t read_count, read_room;
};

/* Adds the rules of a file, or of a text that a program brought (`name` tells which). 0, or -errno
 * and *trouble, which names the line. */
int suppressions_read(struct suppressions *suppressions, const char *path, const char **trouble);
int suppressions_add(struct suppressions *suppressions, const char *name, const char *text,
		     const char **trouble);
/* Those that a program brought: a text of its own, and the file of suppressions=. NULL: none. */
struct ledger;
int suppressions_of_ledger(struct suppressions *suppressions, const struct ledger *ledger,
			   const char **trouble);
/* Sets the findings' status, and the report's list of rules with how many findings each matched. */
void suppressions_apply(struct suppressions *suppressions, struct report *report);
/* How many were of no use; and says which. */
size_t suppressions_unused(const struct report *report);
void suppressions_complain(const struct report *report);
/* Whether a pattern is found in a text; NULL matches nothing. */
bool suppression_matches(const char *pattern, const char *text);

#endif
