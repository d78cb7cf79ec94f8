/* SPDX-License-Identifier: MIT */
/* The first line of the text report: how much stands at which line. */
#ifndef TEXT_HEADLINE_H
#define TEXT_HEADLINE_H

#include "text_finding.h"

/* Groups hold new findings only, the worst first. Returns whether the report is clean. */
bool text_headline(struct text *text, const struct site_group *groups, size_t count);

#endif
