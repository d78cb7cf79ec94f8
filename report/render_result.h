/* SPDX-License-Identifier: MIT */
/* What the formats of forges and CI servers have in common: a result a finding, with a place in the
 * source, a sentence, and a name that stays. */
#ifndef RENDER_RESULT_H
#define RENDER_RESULT_H

#include "location.h"
#include "text_writer.h"

struct results {
	struct text text; /* its words are safe on a terminal, as text_*.h say */
	struct locations *locations;
};

/* results_close() in either case. 0 or -errno. */
int results_open(struct results *results, const struct report *report,
		 const struct render_settings *settings, FILE *out);
void results_close(struct results *results);

/* "12 sockets: the peer's EOF was read and no close() followed, in on_line()". */
char *result_title(struct results *results, const struct finding *finding);
/* The same of several findings of one rule with one place: `count` sockets or calls. */
char *result_title_of(struct results *results, const struct finding *finding, uint64_t count);
/* What else a reader wants to know of it, lines without an end at the last: the places, where
 * others were closed, the cause, what to do. */
char *result_story(struct results *results, const struct finding *finding);
/* "the line of code that …" of a place: the frame to show for it; NULL: none is known. */
const struct frame *result_place(struct results *results, const struct place *place);

/* By finding: its fingerprint, told apart where several have the same. */
const char **result_fingerprints(struct results *results);
/* The findings of a status below STATUS_SUPPRESSED, worst first: what gates, then by severity and
 * count. */
const struct finding **results_worst_first(struct results *results, size_t *count);
/* No process was audited: a report without results is none that is clean. */
bool results_nothing_audited(const struct report *report);

#endif
