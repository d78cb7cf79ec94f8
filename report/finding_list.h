/* SPDX-License-Identifier: MIT */
/* The findings of a report while they are being made, and how one is told its facts. */
#ifndef FINDING_LIST_H
#define FINDING_LIST_H

#include "arena.h"
#include "model.h"

struct finding_list {
	struct arena *arena;
	struct finding *items;
	size_t count, room;
};

/* A new finding of that rule, all else unknown: to be filled before the next is added, which may
 * move it. */
struct finding *finding_add(struct finding_list *list, enum finding_rule rule);
/* A fact of its rule's row; `key` must live as long as the report. */
void finding_fact(struct finding_list *list, struct finding *finding, const char *key,
		  uint64_t value);
/* The same of a fact that is a text, which must live as long. */
void finding_fact_text(struct finding_list *list, struct finding *finding, const char *key,
		       const char *text);
/* In the order of a report: severity, site, rule, count. */
void findings_sort(struct finding_list *list);

#endif
