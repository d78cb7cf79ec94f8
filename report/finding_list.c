/* SPDX-License-Identifier: MIT */
#include "finding_list.h"

#include <stdlib.h>
#include <string.h>

struct finding *finding_add(struct finding_list *list, enum finding_rule rule)
{
	list->items = arena_more(list->arena, list->items, list->count, &list->room,
				 sizeof(*list->items));
	struct finding *finding = &list->items[list->count++];

	*finding = (struct finding){ .rule = rule, .last_use_ms = MS_UNKNOWN };
	return finding;
}

void finding_fact(struct finding_list *list, struct finding *finding, const char *key,
		  uint64_t value)
{
	/* A rule has few. */
	struct fact *longer =
		arena_array(list->arena, finding->fact_count + 1, sizeof(*finding->facts));

	if (finding->fact_count)
		memcpy(longer, finding->facts, finding->fact_count * sizeof(*longer));
	longer[finding->fact_count++] = (struct fact){ .key = key, .value = value };
	finding->facts = longer;
}

void finding_fact_text(struct finding_list *list, struct finding *finding, const char *key,
		       const char *text)
{
	finding_fact(list, finding, key, 0);
	finding->facts[finding->fact_count - 1].text = text;
}

static int text_compare(const char *a, const char *b)
{
	/* Unknown names come last. */
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int finding_compare(const void *a, const void *b)
{
	const struct finding *left = a, *right = b;
	const struct frame none = { .function = NULL };
	const struct frame *x = finding_site(left), *y = finding_site(right);
	int order = (int)rules[right->rule].severity - (int)rules[left->rule].severity;

	x = x ? x : &none;
	y = y ? y : &none;
	if (!order)
		order = text_compare(x->file, y->file);
	if (!order)
		order = (x->line > y->line) - (x->line < y->line);
	if (!order)
		order = text_compare(x->module, y->module);
	if (!order)
		order = (x->offset > y->offset) - (x->offset < y->offset);
	if (!order)
		order = (int)left->rule - (int)right->rule;
	if (!order)
		order = (left->count < right->count) - (left->count > right->count);
	return order ? order : strcmp(left->fingerprint, right->fingerprint);
}

void findings_sort(struct finding_list *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), finding_compare);
}
