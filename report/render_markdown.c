/* SPDX-License-Identifier: MIT */
/*
 * Markdown, for a job's summary or a comment: what there is in a table, and each site in full below
 * it. GitHub refuses a summary of more than 1 MiB, so what doesn't fit is counted.
 */
#include "escape_markup.h"
#include "render_formats.h"
#include "render_result.h"
#include "text_balance.h"
#include "text_finding.h"
#include "text_headline.h"
#include "text_site.h"

#include <errno.h>
#include <string.h>

#define ROWS_SHOWN	 100
#define BYTES_MOST	 (900u << 10) /* of a MiB: a summary is often one step's of several */
#define ROOM_BALANCE	 (100u << 10)
#define SITE_COLUMNS	 120
#define HEADLINE_COLUMNS 240

static char *safe(struct results *results, const char *words)
{
	return escape_markdown(&results->text.arena, words);
}

static char *code(struct results *results, const char *words)
{
	return text_make(&results->text, "<code>%s</code>", safe(results, words));
}

/* "84 sockets leak at 2 places: x.c:5 f() owes ..." with what the program chose in a code span,
 * where nothing is a mention. */
static void headline(struct results *results, const char *mark, char *words)
{
	FILE *out = results->text.out;
	char *rest = strstr(words, ": ");

	if (rest)
		*rest = '\0';
	fprintf(out, "\n%s%s\n", mark, safe(results, words));
	if (rest)
		fprintf(out, "\n%s\n", code(results, rest + 2));
}

static void heading(struct results *results, const struct site_group *groups, size_t count)
{
	struct text *text = &results->text;
	const char *mark = "### sockaudit: ";
	const unsigned width = text->width;

	/* A page is wider than a terminal. */
	text->width = HEADLINE_COLUMNS;
	text_capture(text);
	text_headline(text, groups, count);
	char *words = text_captured(text);
	text->width = width;
	while (*words) {
		char *end = strchr(words, '\n');
		/* What is too long for a terminal's line goes on, indented, in the next. */
		for (; end && end[1] == ' '; end = strchr(end, '\n')) {
			size_t blanks = strspn(end + 1, " ");
			*end = ' ';
			memmove(end + 1, end + 1 + blanks, strlen(end + 1 + blanks) + 1);
		}
		if (end)
			*end = '\0';
		headline(results, mark, words);
		mark = "";
		words = end ? end + 1 : strchr(words, '\0');
	}
}

static void row(struct results *results, const struct finding *finding)
{
	struct text *text = &results->text;
	static const char *const names[] = { "note", "warning", "error" };
	struct location location = location_of(results->locations, text->report, finding);
	char *file = text_safe(text, location.file);
	const char *function = location.frame && location.frame->function
				       ? text_safe(text, location.frame->function)
				       : "";
	const char *status = finding->status == STATUS_KNOWN	    ? ", known"
			     : finding->status == STATUS_SUPPRESSED ? ", suppressed"
			     : finding->gating			    ? ", gates"
								    : "";

	fprintf(text->out, "| %s%s | %s | %s | %s | %s |\n", names[rules[finding->rule].severity],
		status, code(results, rules[finding->rule].name), text_number(text, finding->count),
		code(results, text_make(text, "%s:%u", file, location.line)),
		*function ? code(results, function) : "");
}

static void table(struct results *results)
{
	struct text *text = &results->text;
	const struct report *report = text->report;

	if (!report->finding_count)
		return;
	fputs("\n| severity | rule | sockets | where | function |\n|---|---|--:|---|---|\n",
	      text->out);
	for (size_t i = 0; i < report->finding_count && i < ROWS_SHOWN; i++)
		row(results, &report->findings[i]);
	if (report->finding_count > ROWS_SHOWN)
		fprintf(text->out, "\nand %s.\n",
			text_count(text, report->finding_count - ROWS_SHOWN, "more finding",
				   "more findings"));
}

/* A part that a reader unfolds. The blank lines matter: they end and begin blocks of HTML. */
static char *details(struct results *results, const char *summary, const char *words)
{
	struct text *text = &results->text;

	return text_make(text,
			 "\n<details>\n<summary>%s</summary>\n\n<pre>\n%s</pre>\n\n</details>\n",
			 summary, escape_xml_lines(&text->arena, words));
}

static void sites(struct results *results, const struct site_group *groups, size_t count)
{
	struct text *text = &results->text;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		text_capture(text);
		text_group(text, &groups[i]);
		const char *words = text_captured(text);
		char *site = text_site(text, groups[i].site, SITE_COLUMNS);
		char *part = details(results, code(results, site), words + strspn(words, "\n"));
		used += strlen(part);
		if (used > BYTES_MOST - ROOM_BALANCE) {
			fprintf(text->out, "\nand %s, which would not fit here.\n",
				text_count(text, count - i, "more place", "more places"));
			return;
		}
		fputs(part, text->out);
	}
}

static void balance(struct results *results, bool clean)
{
	struct text *text = &results->text;

	text_capture(text);
	text_balance(text, clean);
	for (const char **remark = text->report->remarks; remark && *remark; remark++)
		text_words(text, "note", text_safe(text, *remark));
	char *words = text_captured(text);
	if (!*words)
		return;
	if (strlen(words) > ROOM_BALANCE / 2)
		strcpy(words + ROOM_BALANCE / 2, "...\n");
	fputs(details(results, "balance with the kernel", words), text->out);
}

int render_markdown(const struct report *report, const struct render_settings *settings, FILE *out)
{
	/* Colours are for terminals. */
	struct render_settings plain = *settings;
	struct results results;

	plain.colour = false;
	plain.width = 0;
	int error = results_open(&results, report, &plain, out);
	if (!error) {
		struct site_group *groups;
		size_t count = text_groups(&results.text, &groups);
		heading(&results, groups, count);
		table(&results);
		sites(&results, groups, count);
		balance(&results, !count);
	}
	results_close(&results);
	return error ? error : ferror(out) ? -EIO : 0;
}
