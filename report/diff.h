/* SPDX-License-Identifier: MIT */
/* Two reports, finding by finding: by fingerprint, so that a rebuild or another run between them
 * doesn't matter. */
#ifndef DIFF_H
#define DIFF_H

#include "arena.h"
#include "model.h"

/* What a comparison needs of a finding. */
struct diff_finding {
	const char *fingerprint, *rule, *site;
	bool calls; /* counts calls, not sockets */
	uint64_t count;
};

struct diff_side {
	const char *name;
	struct diff_finding *findings;
	size_t count, room;
};

enum diff_kind { DIFF_NEW, DIFF_FIXED, DIFF_MORE, DIFF_FEWER, DIFF_SAME, DIFF_KINDS };
extern const char *const diff_names[DIFF_KINDS]; /* "new", ... */

struct diff_row {
	enum diff_kind kind;
	struct diff_finding finding; /* as it is now; of a fixed one as it was */
	uint64_t before, after;
};

/* The findings of a JSON report of ours. 0, or -errno and *trouble. */
int diff_side_of_json(struct arena *arena, const char *path, struct diff_side *side,
		      const char **trouble);
void diff_side_of_report(struct arena *arena, const struct report *report, struct diff_side *side);
/* Sorted by kind, rule and site. */
struct diff_row *diff_make(struct arena *arena, const struct diff_side *before,
			   const struct diff_side *after, size_t *count);

#endif
