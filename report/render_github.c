/* SPDX-License-Identifier: MIT */
/*
 * Annotations for GitHub Actions, written to a step's output. GitHub shows ten of a step: the worst
 * nine, and a tenth that counts the rest. Findings of one rule and line, reached by different
 * callers, are one annotation.
 */
#include "render_formats.h"
#include "render_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 9

struct annotation {
	const struct finding *finding; /* the worst of them */
	struct location location;
	uint64_t count; /* of sockets */
	size_t callers; /* findings */
	size_t rank;	/* among the findings, the worst is 0 */
};

static const char *command(const struct finding *finding)
{
	static const char *const names[] = {
		[SEVERITY_NOTE] = "notice",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};
	return names[rules[finding->rule].severity];
}

/* A value of a command: what would end it is told in percent. */
static char *escaped(struct results *results, const char *value, const char *special)
{
	char *made = arena_alloc(&results->text.arena, 3 * strlen(value) + 1), *to = made;

	for (; *value; value++) {
		if (strchr(special, *value))
			to += sprintf(to, "%%%02X", (unsigned)*value);
		else
			*to++ = *value;
	}
	return made;
}

static char *data(struct results *results, const char *value)
{
	return escaped(results, value, "%\r\n");
}

static char *property(struct results *results, const char *value)
{
	return escaped(results, value, "%\r\n:,");
}

static int by_text(const char *left, const char *right)
{
	return strcmp(left ? left : "", right ? right : "");
}

/* Places that no line of source tells apart: all of a module stand at its line 1. */
static int by_code(const struct frame *left, const struct frame *right)
{
	if (!left || !right)
		return (left != NULL) - (right != NULL);
	int order = by_text(left->file, right->file);

	if (!order)
		order = (left->line > right->line) - (left->line < right->line);
	if (!order && !left->line)
		order = (left->offset > right->offset) - (left->offset < right->offset);
	return order ? order : by_text(left->function, right->function);
}

static int by_place(const void *left, const void *right)
{
	const struct annotation *a = left, *b = right;
	int order = strcmp(a->location.file, b->location.file);

	if (!order)
		order = (a->location.line > b->location.line) -
			(a->location.line < b->location.line);
	if (!order && !(a->location.in_source && b->location.in_source))
		order = by_code(a->location.frame, b->location.frame);
	if (!order)
		order = (int)a->finding->rule - (int)b->finding->rule;
	return order;
}

static int by_place_and_rank(const void *left, const void *right)
{
	const struct annotation *a = left, *b = right;
	int order = by_place(a, b);

	return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static int worse(const void *left, const void *right)
{
	const struct annotation *a = left, *b = right;
	enum severity x = rules[a->finding->rule].severity, y = rules[b->finding->rule].severity;

	if (a->finding->gating != b->finding->gating)
		return a->finding->gating ? -1 : 1;
	if (x != y)
		return x > y ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* The new findings, one for each rule and line, the worst first. */
static struct annotation *annotations(struct results *results, size_t *count)
{
	size_t found, made = 0, merged = 0;
	const struct finding **findings = results_worst_first(results, &found);
	struct annotation *all = arena_array(&results->text.arena, found + 1, sizeof(*all));

	for (size_t i = 0; i < found; i++) {
		if (findings[i]->status != STATUS_NEW)
			continue;
		all[made++] = (struct annotation){
			.finding = findings[i],
			.location =
				location_of(results->locations, results->text.report, findings[i]),
			.count = findings[i]->count,
			.callers = 1,
			.rank = i,
		};
	}
	if (made)
		qsort(all, made, sizeof(*all), by_place_and_rank);
	for (size_t i = 0; i < made; i++) {
		if (merged && !by_place(&all[merged - 1], &all[i])) {
			all[merged - 1].count += all[i].count;
			all[merged - 1].callers++;
		} else {
			all[merged++] = all[i];
		}
	}
	if (merged)
		qsort(all, merged, sizeof(*all), worse);
	*count = merged;
	return all;
}

static void annotate(struct results *results, const struct annotation *annotation)
{
	struct text *text = &results->text;
	const struct finding *finding = annotation->finding;
	const char *callers = annotation->callers > 1
				      ? text_make(text, "callers: %s, of which this is the worst\n",
						  text_number(text, annotation->callers))
				      : "";
	char *message =
		text_make(text, "%s\n%s%s", result_title_of(results, finding, annotation->count),
			  callers, result_story(results, finding));

	fprintf(text->out, "::%s file=%s,line=%u,title=%s::%s\n", command(finding),
		property(results, text_safe(text, annotation->location.file)),
		annotation->location.line,
		property(results, text_make(text, "sockaudit: %s", rules[finding->rule].name)),
		data(results, message));
}

static void rest(struct results *results, const struct annotation *left, size_t count)
{
	struct text *text = &results->text;
	char *words = text_make(text, "%s more: ", text_number(text, count));

	for (size_t i = 0; i < count && i < SHOWN; i++)
		words = text_make(text, "%s%s%s at %s:%u", words, i ? ", " : "",
				  rules[left[i].finding->rule].name,
				  text_safe(text, left[i].location.file), left[i].location.line);
	fprintf(text->out, "::%s title=sockaudit::%s\n", command(left->finding),
		data(results, text_make(text, "%s%s", words, count > SHOWN ? ", ..." : "")));
}

int render_github(const struct report *report, const struct render_settings *settings, FILE *out)
{
	struct results results;
	size_t count;
	int error = results_open(&results, report, settings, out);

	if (!error) {
		struct annotation *all = annotations(&results, &count);
		for (size_t i = 0; i < count && i < SHOWN; i++)
			annotate(&results, &all[i]);
		if (count > SHOWN)
			rest(&results, all + SHOWN, count - SHOWN);
		if (!count && results_nothing_audited(report))
			fputs("::warning title=sockaudit::nothing was audited\n", out);
	}
	results_close(&results);
	return error ? error : ferror(out) ? -EIO : 0;
}
