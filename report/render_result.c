/* SPDX-License-Identifier: MIT */
/* What the formats of forges and CI servers have in common; see render_result.h. */
#include "render_result.h"

#include "text_finding.h"
#include "text_site.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define PLACE_COLUMNS  100
#define SIBLINGS_SHOWN 2

int results_open(struct results *results, const struct report *report,
		 const struct render_settings *settings, FILE *out)
{
	int error = text_open(&results->text, report, settings, out);

	results->locations = locations_new(&results->text.arena, &results->text.roots);
	return error;
}

void results_close(struct results *results)
{
	locations_free(results->locations);
	text_close(&results->text);
}

const struct frame *result_place(struct results *results, const struct place *place)
{
	const struct stack *stack = place->call ? place->stack : NULL;

	for (size_t i = 0; stack && i < stack->count; i++)
		if (location_in_source(results->locations, &stack->frames[i]))
			return &stack->frames[i];
	return stack_site(stack);
}

char *result_title_of(struct results *results, const struct finding *finding, uint64_t count)
{
	struct text *text = &results->text;
	struct finding sum = { .rule = finding->rule, .count = count };
	struct location location = location_of(results->locations, text->report, finding);
	const char *where = "";

	if (location.frame && location.frame->function) {
		char *name = text_safe(text, location.frame->function);
		size_t length = strlen(name);
		where = text_make(text, ", in %s%s", name,
				  length && name[length - 1] == ')' ? "" : "()");
	}
	return text_make(text, "%s: %s%s", text_finding_count(text, &sum),
			 rules[finding->rule].line, where);
}

char *result_title(struct results *results, const struct finding *finding)
{
	return result_title_of(results, finding, finding->count);
}

static char *place_line(struct results *results, const char *label, const struct place *place,
			const char *what)
{
	const struct frame *frame = result_place(results, place);

	return text_make(&results->text, "%s: %s at %s\n", label, what,
			 text_site_path(&results->text, frame, PLACE_COLUMNS));
}

static char *siblings(struct results *results, const struct finding *finding)
{
	struct text *text = &results->text;
	char *lines = "";

	for (size_t i = 0; i < finding->sibling_count && i < SIBLINGS_SHOWN; i++) {
		const struct sibling *sibling = &finding->siblings[i];
		lines = text_make(text, "%sbut: %s opened here %s closed at %s\n", lines,
				  text_count(text, sibling->count, "other", "others"),
				  sibling->count == 1 ? "was" : "were",
				  text_site_path(text, result_place(results, &sibling->closed),
						 PLACE_COLUMNS));
	}
	return lines;
}

char *result_story(struct results *results, const struct finding *finding)
{
	struct text *text = &results->text;
	const char *cause = text->settings->reproducible ? finding->cause_timeless : finding->cause;
	char *lines = "";

	if (finding->evidence.call)
		lines = place_line(results, "evidence", &finding->evidence,
				   text_outcome(text, finding, &finding->evidence));
	else if (finding->told.call)
		lines = place_line(
			results, "evidence", &finding->told,
			text_make(text, "%s told of it", text_call(text, finding->told.call)));
	if (finding->closed.call)
		lines = text_make(text, "%s%s", lines,
				  place_line(results, "closed", &finding->closed,
					     text_call(text, finding->closed.call)));
	if (finding->fork.call)
		lines = text_make(text, "%s%s", lines,
				  place_line(results, "forked", &finding->fork,
					     text_call(text, finding->fork.call)));
	if (finding->served.call)
		lines = text_make(text, "%s%s", lines,
				  place_line(results, "forked", &finding->served,
					     text_call(text, finding->served.call)));
	if (finding->opened.call)
		lines = text_make(text, "%s%s", lines,
				  place_line(results, "opened", &finding->opened,
					     text_call(text, finding->opened.call)));
	lines = text_make(text, "%s%s", lines, siblings(results, finding));
	if (cause)
		lines = text_make(text, "%scause: %s\n", lines, text_safe(text, cause));
	return text_make(text, "%sfix: %s", lines, finding_help(finding));
}

struct seen {
	const char *fingerprint;
	unsigned count;
	UT_hash_handle hh;
};

const char **result_fingerprints(struct results *results)
{
	const struct report *report = results->text.report;
	struct arena *arena = &results->text.arena;
	const char **made = arena_array(arena, report->finding_count + 1, sizeof(*made));
	struct seen *table = NULL, *seen;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		const char *name =
			*finding->fingerprint ? finding->fingerprint : rules[finding->rule].name;
		HASH_FIND_STR(table, name, seen);
		if (!seen) {
			seen = arena_alloc(arena, sizeof(*seen));
			seen->fingerprint = name;
			HASH_ADD_KEYPTR(hh, table, name, strlen(name), seen);
		}
		made[i] = ++seen->count == 1
				  ? name
				  : text_make(&results->text, "%s-%u", name, seen->count);
	}
	HASH_CLEAR(hh, table);
	return made;
}

static int worse(const void *left, const void *right)
{
	const struct finding *a = *(const struct finding *const *)left;
	const struct finding *b = *(const struct finding *const *)right;

	if (a->gating != b->gating)
		return a->gating ? -1 : 1;
	if (rules[a->rule].severity != rules[b->rule].severity)
		return rules[a->rule].severity > rules[b->rule].severity ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	/* As in the model. */
	return a < b ? -1 : a > b;
}

const struct finding **results_worst_first(struct results *results, size_t *count)
{
	const struct report *report = results->text.report;
	const struct finding **made =
		arena_array(&results->text.arena, report->finding_count + 1, sizeof(*made));

	*count = 0;
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].status != STATUS_SUPPRESSED)
			made[(*count)++] = &report->findings[i];
	if (*count)
		qsort(made, *count, sizeof(*made), worse);
	return made;
}

bool results_nothing_audited(const struct report *report)
{
	for (size_t i = 0; i < report->process_count; i++)
		if (report->processes[i].audited)
			return false;
	return true;
}
