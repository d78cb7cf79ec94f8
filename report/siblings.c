/* SPDX-License-Identifier: MIT */
/* Where the others were closed that were opened at the same line; see siblings.h. */
#include "siblings.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

struct closing {
	struct closing *next;
	uint32_t opened, closed; /* code.h's numbers */
	const char *call;
	uint64_t count;
};

/* A return address, and the closings of everything that was opened by a stack which passes through
 * it. */
struct passage {
	UT_hash_handle hh;
	struct code_frame frame;
	struct passing {
		struct passing *next;
		const struct closing *closing;
	} * passing;
};

struct siblings {
	struct arena *arena;
	struct code *code;
	struct passage *passages;
};

static void closing_index(struct siblings *siblings, const struct closing *closing)
{
	const struct code_frame *frames;
	size_t count = code_frames(siblings->code, closing->opened, &frames);

	for (size_t i = 0; i < count; i++) {
		struct code_frame key;
		struct passage *passage;
		memset(&key, 0, sizeof(key));
		key.module = frames[i].module;
		key.offset = frames[i].offset;
		HASH_FIND(hh, siblings->passages, &key, sizeof(key), passage);
		if (!passage) {
			passage = arena_alloc(siblings->arena, sizeof(*passage));
			memcpy(&passage->frame, &key, sizeof(key));
			HASH_ADD(hh, siblings->passages, frame, sizeof(passage->frame), passage);
		}
		if (passage->passing && passage->passing->closing == closing)
			continue; /* recursion */
		struct passing *passing = arena_alloc(siblings->arena, sizeof(*passing));
		passing->closing = closing;
		passing->next = passage->passing;
		passage->passing = passing;
	}
}

struct siblings *siblings_new(const struct audit *audit, struct code *code)
{
	struct siblings *siblings = arena_alloc(audit->arena, sizeof(*siblings));

	siblings->arena = audit->arena;
	siblings->code = code;
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		for (uint32_t j = 1; member->ledger && j < member->ledger->stack_count; j++) {
			const struct ledger_stack *stack = &member->ledger->stacks[j];
			for (int k = 0; k < LEDGER_CLOSERS; k++) {
				if (!stack->closers[k].count)
					continue;
				struct closing *closing =
					arena_alloc(audit->arena, sizeof(*closing));
				closing->opened = code_stack(code, member, j);
				closing->closed = code_stack(code, member, stack->closers[k].stack);
				closing->call = ledger_call(member->ledger, stack->closers[k].call);
				closing->count = stack->closers[k].count;
				closing_index(siblings, closing);
			}
		}
	}
	return siblings;
}

static bool frames_agree(const struct frame *a, const struct frame *b)
{
	if (!a || !b)
		return a == b;
	if (a->file && b->file && a->line && b->line)
		return a->line == b->line && !strcmp(a->file, b->file);
	return a->offset == b->offset &&
	       !strcmp(a->module ? a->module : "", b->module ? b->module : "");
}

static int sibling_compare(const void *a, const void *b)
{
	const struct sibling *left = a, *right = b;

	return left->count > right->count ? -1 : left->count < right->count;
}

void siblings_fill(struct siblings *siblings, uint32_t opened, struct finding *finding)
{
	const struct code_frame *site = code_site(siblings->code, opened);
	struct passage *passage;
	struct code_frame key;
	size_t room = 0;

	if (!site)
		return;
	memset(&key, 0, sizeof(key));
	key.module = site->module;
	key.offset = site->offset;
	HASH_FIND(hh, siblings->passages, &key, sizeof(key), passage);
	for (const struct passing *passing = passage ? passage->passing : NULL; passing;
	     passing = passing->next) {
		const struct closing *closing = passing->closing;
		struct stack *stack = code_resolve(siblings->code, closing->closed);
		struct sibling *same = NULL;
		for (size_t i = 0; i < finding->sibling_count && !same; i++)
			if (frames_agree(stack_site(finding->siblings[i].closed.stack),
					 stack_site(stack)))
				same = &finding->siblings[i];
		if (same) {
			/* A forged count must not wrap around to a small one. */
			if (__builtin_add_overflow(same->count, closing->count, &same->count))
				same->count = UINT64_MAX;
			continue;
		}
		finding->siblings =
			arena_more(siblings->arena, finding->siblings, finding->sibling_count,
				   &room, sizeof(*finding->siblings));
		finding->siblings[finding->sibling_count++] = (struct sibling){
			.closed = { .call = closing->call ? closing->call : "close",
				    .stack = stack },
			.count = closing->count,
		};
	}
	if (finding->sibling_count)
		qsort(finding->siblings, finding->sibling_count, sizeof(*finding->siblings),
		      sibling_compare);
}

void siblings_free(struct siblings *siblings)
{
	HASH_CLEAR(hh, siblings->passages);
}
