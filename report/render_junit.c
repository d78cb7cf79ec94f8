/* SPDX-License-Identifier: MIT */
/*
 * JUnit XML, for CI servers (Jenkins, GitLab, Azure, ...): a test case for each test that was
 * marked, and for each site where something happened outside of any; failed when something there is
 * an error or gates, else passed with what there is to say; known and suppressed findings are
 * skipped cases, a clean report is one that passes.
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
#include <time.h>

#define NAME_COLUMNS 120

static char *attribute(struct results *results, const char *text)
{
	return escape_xml(&results->text.arena, text);
}

static char *content(struct results *results, const char *text)
{
	return escape_xml_lines(&results->text.arena, text);
}

static bool fails(const struct finding *finding)
{
	return finding->gating || rules[finding->rule].severity == SEVERITY_ERROR;
}

/* The worst of a site: what its failure is called. NULL: nothing there fails. */
static const struct finding *worst(const struct site_group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->findings[i]->gating)
			return group->findings[i];
	for (size_t i = 0; i < group->count; i++)
		if (fails(group->findings[i]))
			return group->findings[i];
	return NULL;
}

/* Opens a case. The file is the class: servers group cases by it. */
static void case_begin(struct results *results, const struct finding *finding,
		       const struct frame *site)
{
	struct text *text = &results->text;
	struct location location = location_of(results->locations, text->report, finding);
	char *file = text_safe(text, location.file);

	fprintf(text->out, "    <testcase classname=\"%s\" name=\"%s\"", attribute(results, file),
		attribute(results, text_site(text, site, NAME_COLUMNS)));
	if (location.in_source)
		fprintf(text->out, " file=\"%s\" line=\"%u\"", attribute(results, file),
			location.line);
	fputs(" time=\"0\">\n", text->out);
}

static void site_case(struct results *results, const struct site_group *group)
{
	struct text *text = &results->text;
	const struct finding *finding = worst(group);

	text_capture(text);
	text_group(text, group);
	const char *words = text_captured(text);
	words += strspn(words, "\n");
	case_begin(results, finding ? finding : group->findings[0], group->site);
	if (finding)
		fprintf(text->out, "      <failure message=\"%s\" type=\"%s\">%s</failure>\n",
			attribute(results, result_title(results, finding)),
			rules[finding->rule].name, content(results, words));
	else
		fprintf(text->out, "      <system-out>%s</system-out>\n", content(results, words));
	fputs("    </testcase>\n", text->out);
}

static uint64_t rows_under(const struct finding *finding, const char *mark)
{
	uint64_t count = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		const char *name = finding->sockets[i].mark_evidence;
		count += mark ? name && !strcmp(name, mark) : !name;
	}
	return count;
}

/* Of a test: the first finding that fails it; NULL: none does. */
static const struct finding *worst_under(const struct site_group *groups, size_t count,
					 const char *mark)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < groups[i].count; j++)
			if (fails(groups[i].findings[j]) && rows_under(groups[i].findings[j], mark))
				return groups[i].findings[j];
	return NULL;
}

static bool group_is_under(const struct site_group *group, const char *mark)
{
	for (size_t i = 0; i < group->count; i++)
		if (rows_under(group->findings[i], mark) ||
		    (!mark && !group->findings[i]->socket_count))
			return true;
	return false;
}

static void mark_case(struct results *results, const struct site_group *groups, size_t count,
		      const char *mark)
{
	struct text *text = &results->text;
	const struct finding *finding = worst_under(groups, count, mark);

	fprintf(text->out, "    <testcase classname=\"sockaudit\" name=\"%s\" time=\"0\"%s>\n",
		attribute(results, text_safe(text, mark)), finding ? "" : "/");
	if (!finding)
		return;
	text_capture(text);
	for (size_t i = 0; i < count; i++)
		if (group_is_under(&groups[i], mark))
			text_group(text, &groups[i]);
	const char *words = text_captured(text);
	words += strspn(words, "\n");
	fprintf(text->out,
		"      <failure message=\"%s\" type=\"%s\">%s</failure>\n    </testcase>\n",
		attribute(results, result_title_of(results, finding, rows_under(finding, mark))),
		rules[finding->rule].name, content(results, words));
}

static void set_aside_case(struct results *results, const struct finding *finding)
{
	struct text *text = &results->text;
	const char *why = finding->status == STATUS_KNOWN ? "known" : "suppressed";

	case_begin(results, finding, finding_site(finding));
	fprintf(text->out, "      <skipped message=\"%s, %s: %s\"/>\n    </testcase>\n",
		finding->suppressed_by
			? text_make(text, "%s by %s", why,
				    attribute(results, text_safe(text, finding->suppressed_by)))
			: why,
		rules[finding->rule].name, attribute(results, result_title(results, finding)));
}

/* A report without findings: it passes, unless there was nobody to pass. */
static void clean_case(struct results *results)
{
	struct text *text = &results->text;
	bool nothing = results_nothing_audited(text->report);

	text_capture(text);
	text_headline(text, NULL, 0);
	char *words = text_captured(text);
	words[strcspn(words, "\n")] = '\0';
	fputs("    <testcase classname=\"sockaudit\" name=\"every socket is closed\" "
	      "time=\"0\">\n",
	      text->out);
	if (nothing)
		fprintf(text->out, "      <error message=\"%s\" type=\"not-audited\"/>\n",
			attribute(results, words));
	else
		fprintf(text->out, "      <system-out>%s</system-out>\n", content(results, words));
	fputs("    </testcase>\n", text->out);
}

static char *timestamp(struct results *results)
{
	const struct text *text = &results->text;
	time_t seconds = (time_t)(text->report->made_at_realtime_ns / 1000000000);
	struct tm parts;
	char words[64];

	if (text->settings->reproducible || !text->report->made_at_realtime_ns ||
	    !gmtime_r(&seconds, &parts) ||
	    !strftime(words, sizeof(words), " timestamp=\"%Y-%m-%dT%H:%M:%S\"", &parts))
		return "";
	return text_make(&results->text, "%s", words);
}

static char *host(struct results *results)
{
	const struct text *text = &results->text;

	if (text->settings->reproducible || !text->report->host)
		return "";
	return text_make(&results->text, " hostname=\"%s\"",
			 attribute(results, text_safe(&results->text, text->report->host)));
}

static void suites(struct results *results)
{
	struct text *text = &results->text;
	const struct report *report = text->report;
	struct site_group *groups;
	size_t count = text_groups(text, &groups), aside = 0, failed = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		aside += report->findings[i].status != STATUS_NEW;
	size_t marks = report->mark_count, sites = 0;
	for (size_t i = 0; i < marks; i++)
		failed += worst_under(groups, count, report->marks[i]) != NULL;
	for (size_t i = 0; i < count; i++) {
		bool shown = !marks || group_is_under(&groups[i], NULL);
		sites += shown;
		failed += shown && worst(&groups[i]);
	}
	bool clean = !count && !aside && !marks, nothing = clean && results_nothing_audited(report);
	char *counts = text_make(
		text, "tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\" time=\"0\"",
		clean ? 1 : marks + sites + aside, failed, nothing, aside);
	fprintf(text->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"sockaudit\" %s>\n  <testsuite name=\"sockaudit\" %s%s%s>\n",
		counts, counts, timestamp(results), host(results));
	for (size_t i = 0; i < marks; i++)
		mark_case(results, groups, count, report->marks[i]);
	for (size_t i = 0; i < count; i++)
		if (!marks || group_is_under(&groups[i], NULL))
			site_case(results, &groups[i]);
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].status != STATUS_NEW)
			set_aside_case(results, &report->findings[i]);
	if (clean)
		clean_case(results);
	text_capture(text);
	text_balance(text, false);
	fprintf(text->out, "    <system-out>%s</system-out>\n  </testsuite>\n</testsuites>\n",
		content(results, text_captured(text)));
}

int render_junit(const struct report *report, const struct render_settings *settings, FILE *out)
{
	/* Colours are for terminals. */
	struct render_settings plain = *settings;
	struct results results;

	plain.colour = false;
	plain.width = 0;
	int error = results_open(&results, report, &plain, out);
	if (!error)
		suites(&results);
	results_close(&results);
	return error ? error : ferror(out) ? -EIO : 0;
}
