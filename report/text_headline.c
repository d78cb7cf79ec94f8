/* SPDX-License-Identifier: MIT */
/* The first line: after ten seconds the reader knows which line to open. */
#include "text_headline.h"
#include "escape.h"
#include "text_balance.h"
#include "text_site.h"

#include <string.h>

/* What a finding means for the first line. */
enum kind { KIND_LEAK, KIND_CALLS, KIND_ADVICE, KINDS };

static enum kind kind_of(const struct finding *finding)
{
	if (rules[finding->rule].severity != SEVERITY_ERROR)
		return KIND_ADVICE;
	return text_counts_calls(finding->rule) ? KIND_CALLS : KIND_LEAK;
}

/* A process that ran out of descriptors may hold no socket any more: still there is advice. */
static bool group_has(const struct site_group *group, enum kind kind)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct finding *finding = group->findings[i];
		if (kind_of(finding) == kind && (finding->count || kind == KIND_ADVICE))
			return true;
	}
	return false;
}

static uint64_t group_sum(const struct site_group *group, enum kind kind)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < group->count; i++) {
		if (kind_of(group->findings[i]) == kind)
			sum += group->findings[i]->count;
	}
	return sum;
}

/* "84 sockets leak at 2 places: ", by kind. */
static char *opening(struct text *text, enum kind kind, uint64_t sum, size_t places)
{
	char *at = text_count(text, places, "place", "places");
	switch (kind) {
	case KIND_LEAK:
		return text_make(text, "%s at %s: ",
				 text_count(text, sum, "socket leaks", "sockets leak"), at);
	case KIND_CALLS:
		return text_make(text, "%s a closed descriptor at %s: ",
				 text_count(text, sum, "call uses", "calls use"), at);
	case KIND_ADVICE:
	case KINDS:
		break;
	}
	if (!sum)
		return text_make(text, "advice at %s: ", at);
	return text_make(text, "advice on %s at %s: ", text_count(text, sum, "socket", "sockets"),
			 at);
}

static char *owes(struct text *text, enum kind kind, const struct site_group *group, size_t places,
		  unsigned columns)
{
	const char *debt = "";
	if (kind == KIND_LEAK)
		debt = places == 1 ? " owes a close()"
				   : text_make(text, " owes %s",
					       text_number(text, group_sum(group, kind)));
	else if (places > 1)
		debt = text_make(text, " (%s)", text_number(text, group_sum(group, kind)));
	unsigned used = escape_columns(debt);
	return text_make(text, "%s%s",
			 text_site(text, group->site, columns > used ? columns - used : 0), debt);
}

static bool line(struct text *text, const struct site_group *groups, size_t count, enum kind kind)
{
	static const enum colour colours[] = { COLOUR_BAD, COLOUR_BAD, COLOUR_CAREFUL };
	uint64_t sum = 0;
	size_t places = 0, shown = 0;
	for (size_t i = 0; i < count; i++) {
		sum += group_sum(&groups[i], kind);
		places += group_has(&groups[i], kind);
	}
	if (!places)
		return false;
	char *words = opening(text, kind, sum, places);
	for (size_t i = 0; i < count; i++) {
		if (!group_has(&groups[i], kind))
			continue;
		unsigned used = escape_columns(words);
		char *rest =
			text_make(text, ", and %s",
				  text_count(text, places - shown, "more place", "more places"));
		unsigned reserved = shown + 1 < places ? (unsigned)strlen(rest) : 0;
		char *next =
			owes(text, kind, &groups[i], places,
			     text->width > used + reserved ? text->width - used - reserved : 0);
		if (shown && used + 2 + escape_columns(next) + reserved > text->width) {
			words = text_make(text, "%s%s", words, rest);
			break;
		}
		words = text_make(text, "%s%s%s", words, shown++ ? ", " : "", next);
	}
	text_title(text, 0, colours[kind], words);
	return true;
}

static void nothing_audited(struct text *text)
{
	const struct report *report = text->report;
	uint64_t waiting = 0;
	for (size_t i = 0; i < report->process_count; i++)
		waiting += report->processes[i].unaudited_socket_count;
	bool hidden = report->process_count == 1 && report->processes[0].state == PROCESS_RUNNING &&
		      !report->processes[0].coverage_known;
	const char *words = hidden ? "nothing is known: the process is not ours to look into"
			    : report->process_count ? "nothing was audited"
						    : "there is no process to report on";
	if (report->present) {
		text_line(text, 0, COLOUR_GOOD,
			  text_make(text, "no leaks: %s had the library, and none opened a socket",
				    text_count(text, report->present, "program", "programs")));
		return;
	}
	if (waiting)
		words = text_make(text, "%s; the kernel shows %s in CLOSE_WAIT", words,
				  text_count(text, waiting, "socket", "sockets"));
	text_line(text, 0, COLOUR_CAREFUL, words);
}

static void clean_line(struct text *text)
{
	const struct report *report = text->report;
	uint64_t opened = 0, closed = 0, open = 0, within_grace = 0;
	bool killed = false;
	const struct process *unrecorded = NULL;
	size_t audited = 0;
	const struct process *last = NULL;
	for (size_t i = 0; i < report->process_count; i++) {
		const struct process *process = &report->processes[i];
		if (!process->audited)
			continue;
		opened += process->opened;
		closed += process->closed;
		open += process->open;
		within_grace += process->close_wait_grace;
		killed |= process->state == PROCESS_KILLED || process->state == PROCESS_UNSEEN;
		if (process_is_unrecorded(process))
			unrecorded = process;
		audited++;
		last = process;
	}
	/* What two processes hold, each of them counts. */
	if (report->close_wait_grace && report->close_wait_grace < within_grace)
		within_grace = report->close_wait_grace;
	if (!audited) {
		nothing_audited(text);
		return;
	}
	const char *who = audited == 1 ? text_process(text, last)
				       : text_count(text, audited, "process", "processes");
	if (unrecorded) {
		text_line(text, 0, COLOUR_CAREFUL,
			  text_make(text, "nothing is recorded of %s",
				    text_process(text, unrecorded)));
		return;
	}
	if (within_grace) {
		text_line(text, 0, COLOUR_CAREFUL,
			  text_make(text,
				    "no leaks%s: %s in CLOSE_WAIT and within the grace; --grace "
				    "0 tells now (%s)",
				    report->live ? " yet" : "",
				    text_count(text, within_grace,
					       report->live ? "socket is" : "socket was",
					       report->live ? "sockets are" : "sockets were"),
				    who));
		return;
	}
	text_line(text, 0, COLOUR_GOOD,
		  text_make(text, "no %sleaks%s: %s opened, %s closed, %s open (%s)",
			    report->finding_count ? "new " : "", killed ? " found" : "",
			    text_count(text, opened, "socket", "sockets"),
			    text_number(text, closed), text_number(text, open), who));
}

bool text_headline(struct text *text, const struct site_group *groups, size_t count)
{
	bool said = false;
	for (int kind = 0; kind < KINDS; kind++) {
		if (kind == KIND_ADVICE && !said && count)
			clean_line(text);
		said |= line(text, groups, count, (enum kind)kind);
	}
	if (!said)
		clean_line(text);
	return !said;
}
