/* SPDX-License-Identifier: MIT */
/* One site of the text report with the findings that share it. */
#ifndef TEXT_FINDING_H
#define TEXT_FINDING_H

#include "text_writer.h"

/* Findings with one site, largest first. */
struct site_group {
	const struct frame *site; /* NULL unknown */
	const struct finding **findings;
	size_t count;
	uint64_t sockets;
	enum severity severity; /* the worst */
};

/* The new findings by site, the worst first; how many sites there are. (render_text.c) */
size_t text_groups(struct text *text, struct site_group **made);
void text_group(struct text *text, const struct site_group *group);

/* These name calls, not sockets that wait for a close(). */
bool text_counts_calls(enum finding_rule rule);
/* "84 sockets", or "3 calls". */
char *text_finding_count(struct text *text, const struct finding *finding);
/* What a place's call said: "recv() returned 0: EOF", "send() failed: EPIPE (Broken pipe)". */
char *text_outcome(struct text *text, const struct finding *finding, const struct place *place);

#endif
