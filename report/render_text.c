/* SPDX-License-Identifier: MIT */
/*
 * The report for people. The first line says how much stands at which line; then each site with
 * what happened there, the largest first; then the balance with the kernel, and what could not be
 * learnt.
 */
#include "render_formats.h"
#include "text_balance.h"
#include "text_finding.h"
#include "text_headline.h"
#include "text_listed.h"
#include "text_namespace.h"
#include "text_site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int worse_group(const void *left, const void *right)
{
	const struct site_group *a = left, *b = right;
	if (a->severity != b->severity)
		return a->severity < b->severity ? 1 : -1;
	if (a->sockets != b->sockets)
		return a->sockets < b->sockets ? 1 : -1;
	/* As in the model, whose order the findings' places in its array are. */
	return a->findings[0] < b->findings[0] ? -1 : a->findings[0] > b->findings[0];
}

/* Rules in the model's order, the largest finding of each first. */
static int larger_finding(const void *left, const void *right)
{
	const struct finding *a = *(const struct finding *const *)left;
	const struct finding *b = *(const struct finding *const *)right;
	if (rules[a->rule].severity != rules[b->rule].severity)
		return rules[a->rule].severity < rules[b->rule].severity ? 1 : -1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a < b ? -1 : a > b;
}

size_t text_groups(struct text *text, struct site_group **made)
{
	const struct report *report = text->report;
	struct site_group *groups =
		arena_array(&text->arena, report->finding_count + 1, sizeof(*groups));
	size_t *places = arena_array(&text->arena, report->finding_count + 1, sizeof(*places));
	/* By the site's number, of which there are no more than findings; 0: a new one. */
	size_t *known = arena_array(&text->arena, report->finding_count + 1, sizeof(*known));
	size_t count = 0;
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		if (finding->status != STATUS_NEW)
			continue;
		const struct frame *site = finding_site(finding);
		size_t *number = &known[frame_number(text->places, site)];
		if (!*number)
			*number = ++count;
		places[i] = *number - 1;
		groups[places[i]].site = site;
		groups[places[i]].count++;
	}
	for (size_t i = 0; i < count; i++) {
		groups[i].findings =
			arena_array(&text->arena, groups[i].count, sizeof(*groups[i].findings));
		groups[i].count = 0;
	}
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		if (finding->status != STATUS_NEW)
			continue;
		struct site_group *group = &groups[places[i]];
		enum severity severity = rules[finding->rule].severity;
		group->findings[group->count++] = finding;
		group->sockets += finding->count;
		group->severity = severity > group->severity ? severity : group->severity;
	}
	for (size_t i = 0; i < count; i++)
		qsort(groups[i].findings, groups[i].count, sizeof(*groups[i].findings),
		      larger_finding);
	if (count)
		qsort(groups, count, sizeof(*groups), worse_group);
	*made = groups;
	return count;
}

/* Known and suppressed findings never gate, but they are listed. */
static void set_aside(struct text *text)
{
	bool first = true;
	for (size_t i = 0; i < text->report->finding_count; i++) {
		const struct finding *finding = &text->report->findings[i];
		if (finding->status == STATUS_NEW)
			continue;
		if (first)
			text_gap(text);
		first = false;
		const char *why = finding->status == STATUS_KNOWN ? "known" : "suppressed";
		const char *by =
			finding->suppressed_by
				? text_make(text, " (%s)", text_safe(text, finding->suppressed_by))
				: "";
		text_words(text, why,
			   text_make(text, "%s, %s at %s%s", rules[finding->rule].name,
				     text_finding_count(text, finding),
				     text_site(text, finding_site(finding), 50), by));
	}
}

/* What the lists of the user were good for. */
static void lists(struct text *text)
{
	const struct report *report = text->report;
	for (size_t i = 0; i < report->suppression_count; i++) {
		const struct suppression_use *use = &report->suppressions[i];
		const char *line = text_safe(text, use->line);
		text_words(text, i ? "" : "suppress",
			   use->used
				   ? text_make(text, "%s: %s, %s", line,
					       text_count(text, use->used, "finding", "findings"),
					       text_count(text, use->sockets, "socket", "sockets"))
				   : text_make(text, "%s: %s", line,
					       use->matches ? "covered by another" : "unused"));
	}
	for (size_t i = 0; i < report->fixed_count; i++) {
		/* Fingerprint, rule, site: people know it by the last two. */
		const char *blank = strchr(report->fixed[i], ' ');
		text_words(text, i ? "" : "fixed",
			   text_safe(text, blank ? blank + 1 : report->fixed[i]));
	}
	if (report->fixed_count)
		text_words(text, "",
			   "no longer found: --update-baseline takes them out of the baseline");
}

static void remarks(struct text *text)
{
	for (const char **remark = text->report->remarks; remark && *remark; remark++)
		text_words(text, "note", text_safe(text, *remark));
}

static void hints(struct text *text)
{
	if (text->stacks_cut && text->settings->stacks_command)
		text_words(text, "next",
			   text_make(text, "%s  shows whole stacks and every caller",
				     text_safe(text, text->settings->stacks_command)));
}

int render_text(const struct report *report, const struct render_settings *settings, FILE *out)
{
	struct text text;
	int error = text_open(&text, report, settings, out);
	if (error) {
		text_close(&text);
		return error;
	}

	struct site_group *groups;
	size_t count = text_groups(&text, &groups);
	bool clean = text_headline(&text, groups, count);
	for (size_t i = 0; i < count; i++)
		text_group(&text, &groups[i]);
	set_aside(&text);
	text_listed(&text);
	if (!clean || report->sockets_listed)
		text_gap(&text);
	text_balance(&text, clean);
	text_namespaces(&text);
	lists(&text);
	remarks(&text);
	hints(&text);
	text_close(&text);
	return ferror(out) ? -EIO : 0;
}
