/* SPDX-License-Identifier: MIT */
/*
 * One site with its findings: what is wrong, the three places, the sibling that was closed, the
 * sockets. The largest finding of each rule is told whole; others of the same rule, which reached
 * the site another way, in a line.
 */
#include "text_finding.h"
#include "text_marks.h"
#include "text_site.h"
#include "text_sockets.h"

#include <stdlib.h>
#include <string.h>

#define CALLERS_SHOWN  5
#define SIBLINGS_SHOWN 2

static const char *const severities[] = { "NOTE", "WARNING", "ERROR" };
static const enum colour severity_colours[] = { COLOUR_BOLD, COLOUR_CAREFUL, COLOUR_BAD };

bool text_counts_calls(enum finding_rule rule)
{
	return !strcmp(rules[rule].name, "double-close") ||
	       !strcmp(rules[rule].name, "use-after-close");
}

char *text_finding_count(struct text *text, const struct finding *finding)
{
	return text_counts_calls(finding->rule)
		       ? text_count(text, finding->count, "call", "calls")
		       : text_count(text, finding->count, "socket", "sockets");
}

static bool has_stack(const struct place *place)
{
	return place->call && place->stack && place->stack->count;
}

static void place(struct text *text, const char *label, const struct place *place, const char *what)
{
	if (!place->call)
		return;
	text_words(text, label,
		   has_stack(place) ? what : text_make(text, "%s, place unknown", what));
	if (has_stack(place))
		text_stack(text, place->stack);
}

char *text_outcome(struct text *text, const struct finding *finding, const struct place *place)
{
	char *call = text_call(text, place->call);
	if (place->error) {
		const char *name = strerrorname_np(place->error);
		return text_make(text, "%s failed: %s (%s)", call, name ? name : "?",
				 strerrordesc_np(place->error) ? strerrordesc_np(place->error)
							       : "unknown");
	}
	if (place == &finding->evidence &&
	    (finding->rule == RULE_EOF || finding->rule == RULE_EOF_SPIN))
		return text_make(text, "%s returned 0: EOF", call);
	return call;
}

/* A line is enough: it is mostly the neighbour of what opened the socket. */
static void connected(struct text *text, const struct finding *finding)
{
	const struct place *connect = &finding->connected;
	if (!connect->call)
		return;
	const char *what = text_outcome(text, finding, connect);
	if (has_stack(connect) && !text->settings->with_stacks)
		text_words(text, "connected",
			   text_make(text, "%s at %s", what,
				     text_site_path(text, stack_site(connect->stack), 60)));
	else
		place(text, "connected", connect, what);
}

static void last_use(struct text *text, const struct finding *finding)
{
	if (!finding->last_call)
		return;
	char *call = text_call(text, finding->last_call);
	if (finding->last_use_ms == MS_UNKNOWN || text->settings->reproducible)
		text_words(text, "last use", call);
	else if (!text->report->live && finding->last_use_ms < 1000)
		text_words(text, "last use", text_make(text, "%s, just before the end", call));
	else
		text_words(text, "last use",
			   text_make(text, "%s, %s %s", call,
				     text_duration(text, finding->last_use_ms),
				     text->report->live ? "ago" : "before the end"));
}

static void siblings(struct text *text, const struct finding *finding)
{
	for (size_t i = 0; i < finding->sibling_count && i < SIBLINGS_SHOWN; i++) {
		const struct sibling *sibling = &finding->siblings[i];
		const struct frame *site =
			sibling->closed.call ? stack_site(sibling->closed.stack) : NULL;
		text_words(text, i ? "" : "but",
			   text_make(text, "%s opened here %s closed at %s%s",
				     text_count(text, sibling->count, "other", "others"),
				     sibling->count == 1 ? "was" : "were",
				     text_site_path(text, site, 60),
				     i ? ""
				     : finding->count == 1
					     ? "; this one was not"
					     : text_make(text, "; these %s were not",
							 text_number(text, finding->count))));
	}
}

static void cause(struct text *text, const struct finding *finding)
{
	const char *words = text->settings->reproducible ? finding->cause_timeless : finding->cause;
	if (words)
		text_words(text, "cause", text_safe(text, words));
}

static void help(struct text *text, const struct finding *finding)
{
	const char *words = finding_help(finding);
	bool own = words != rules[finding->rule].help;
	if (own || !text->told[finding->rule])
		text_words(text, "fix", words);
	text->told[finding->rule] |= !own;
}

static void title(struct text *text, const struct finding *finding)
{
	const struct rule *rule = &rules[finding->rule];
	const char *more =
		finding->gating && text->report->gate && text->report->gate[0] ? " (gates)" : "";
	text_title(text, LABEL_INDENT, severity_colours[rule->severity],
		   text_make(text, "%s %s: %s%s: %s", severities[rule->severity], rule->name,
			     text_finding_count(text, finding), more, rule->line));
}

/* Who holds what was closed, and where it was made. */
static void child(struct text *text, const struct finding *finding)
{
	const struct holder *holder = finding->child;
	if (!holder)
		return;
	char *name = text_safe(text, holder->comm);
	text_words(text, "child",
		   text->settings->reproducible
			   ? text_make(text, "%s: fd %d", name, holder->fd)
			   : text_make(text, "pid %u %s: fd %d", holder->pid, name, holder->fd));
	if (finding->fork.call)
		place(text, "forked", &finding->fork, text_call(text, finding->fork.call));
}

static void whole(struct text *text, const struct finding *finding)
{
	title(text, finding);
	child(text, finding);
	if (finding->evidence.call)
		place(text, "evidence", &finding->evidence,
		      text_outcome(text, finding, &finding->evidence));
	else if (finding->told.call)
		place(text, "evidence", &finding->told,
		      text_make(text, "%s told of it", text_call(text, finding->told.call)));
	else if (!finding->closed.call && finding->rule != RULE_GROWING_SITE &&
		 finding->rule != RULE_RUNNING_OUT)
		text_words(text, "evidence", "the kernel's alone: no call of the program met it");
	if (finding->closed.call)
		place(text, "closed", &finding->closed, text_call(text, finding->closed.call));
	if (finding->opened.call)
		place(text, "opened", &finding->opened, text_call(text, finding->opened.call));
	if (finding->served.call)
		place(text, "forked", &finding->served, text_call(text, finding->served.call));
	connected(text, finding);
	last_use(text, finding);
	siblings(text, finding);
	text_marks_tell(text, finding);
	cause(text, finding);
	text_sockets(text, finding);
	help(text, finding);
}

/* The first frame in which two stacks part ways; NULL when one of them ends first. */
static const struct frame *parting(struct text *text, const struct place *of,
				   const struct place *from)
{
	if (!has_stack(of) || !has_stack(from))
		return has_stack(of) ? stack_site(of->stack) : NULL;
	for (size_t i = 0; i < of->stack->count && i < from->stack->count; i++) {
		if (frame_number(text->places, &of->stack->frames[i]) !=
		    frame_number(text->places, &from->stack->frames[i]))
			return &of->stack->frames[i];
	}
	return NULL;
}

/* One of many that share a site: only where it differs from the one that was told whole. */
static void caller(struct text *text, const char *label, const struct finding *finding,
		   const struct finding *told)
{
	const char *way = "from";
	const struct place *second = finding_second_place(finding);
	const struct frame *frame = parting(text, second, finding_second_place(told));
	if (!frame) {
		frame = parting(text, &finding->opened, &told->opened);
		way = has_stack(second) ? "opened at" : "from";
	}
	const char *count = text_finding_count(text, finding);
	text_words(text, label,
		   frame ? text_make(text, "%s %s %s", count, way, text_site_path(text, frame, 60))
			 : text_make(text, "%s by another stack", count));
}

/* What is not even told in a line. */
static void the_rest(struct text *text, const struct finding *const *findings, size_t count)
{
	struct finding sum = { .rule = findings[0]->rule };
	for (size_t i = 0; i < count; i++)
		sum.count += findings[i]->count;
	text_words(text, "",
		   text_make(text, "and %s in %s", text_finding_count(text, &sum),
			     text_count(text, count, "more finding", "more findings")));
	text->stacks_cut = true;
}

/* The findings of one rule, from `first` on; returns where the next rule's begin. */
static size_t same_rule(struct text *text, const struct site_group *group, size_t first)
{
	size_t end = first + 1;
	const struct finding *told = group->findings[first];
	while (end < group->count && group->findings[end]->rule == told->rule)
		end++;
	whole(text, told);
	for (size_t i = first + 1; i < end; i++) {
		if (text->settings->with_stacks) {
			text_gap(text);
			whole(text, group->findings[i]);
		} else if (i - first > CALLERS_SHOWN) {
			the_rest(text, &group->findings[i], end - i);
			break;
		} else {
			caller(text, i == first + 1 ? "also" : "", group->findings[i], told);
		}
	}
	return end;
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return a < b ? -1 : a > b;
}

/* The ways that lead to the site. Several rules, or places of opening, can share one. */
static size_t caller_count(struct text *text, const struct site_group *group)
{
	uint32_t *ways = arena_array(&text->arena, group->count, sizeof(*ways));
	size_t count = 1;
	for (size_t i = 0; i < group->count; i++) {
		const struct stack *stack = finding_site_stack(group->findings[i]);
		const struct frame *site = stack_site(stack);
		if (site)
			ways[i] = frames_number(text->places, site,
						stack->count - (size_t)(site - stack->frames));
	}
	qsort(ways, group->count, sizeof(*ways), by_number);
	for (size_t i = 1; i < group->count; i++)
		count += ways[i] != ways[i - 1];
	return count;
}

void text_group(struct text *text, const struct site_group *group)
{
	size_t count = caller_count(text, group);
	const char *callers =
		count > 1 ? text_make(text, "  %s", text_count(text, count, "caller", "callers"))
			  : "";
	text_gap(text);
	text_title(text, 0, COLOUR_BOLD,
		   text_make(text, "%s%s", text_site_path(text, group->site, text->width - 16),
			     callers));
	for (size_t i = 0; i < group->count;) {
		if (i)
			text_gap(text);
		i = same_rule(text, group, i);
	}
}
