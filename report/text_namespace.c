/* SPDX-License-Identifier: MIT */
/* What a network namespace's CLOSE_WAIT is made of, for people; see text_namespace.h. */
#include "text_namespace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Programs that are named; --format=json lists every process. */
#define PROGRAMS_SHOWN 3

char *text_reasons(struct text *text, const struct unexplained *reasons, size_t count)
{
	char *words = text_make(text, "%s", "");

	for (size_t i = 0; i < count; i++)
		words = text_make(text, "%s%s%s %s", words, i ? ", " : "",
				  text_number(text, reasons[i].count),
				  text_safe(text, reasons[i].reason));
	return words;
}

static int more_sockets(const void *left, const void *right)
{
	const struct namespace_holder *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return strcmp(a->comm, b->comm);
}

/* " (curl 20, nginx 10)": by program, the one with the most first. */
static char *programs(struct text *text, const struct namespace_sum *sum)
{
	struct namespace_holder *by_name =
		arena_array(&text->arena, sum->other_count + 1, sizeof(*by_name));
	size_t count = 0, shown = 0;
	char *words = text_make(text, "%s", " (");

	for (size_t i = 0; i < sum->other_count; i++) {
		size_t at = 0;
		while (at < count && strcmp(by_name[at].comm, sum->others[i].comm))
			at++;
		if (at == count)
			by_name[count++].comm = sum->others[i].comm;
		by_name[at].count += sum->others[i].count;
	}
	if (count)
		qsort(by_name, count, sizeof(*by_name), more_sockets);
	for (; shown < count && shown < PROGRAMS_SHOWN; shown++)
		words = text_make(text, "%s%s%s %s", words, shown ? ", " : "",
				  text_safe(text, by_name[shown].comm),
				  text_number(text, by_name[shown].count));
	if (shown < count)
		words = text_make(text, "%s, %s", words,
				  text_count(text, count - shown, "other", "others"));
	return text_make(text, "%s)", words);
}

static char *unexplained(struct text *text, const struct namespace_sum *sum)
{
	uint64_t all = 0, others = 0;
	char *words = text_make(text, "%s", "");

	for (size_t i = 0; i < sum->other_count; i++)
		others += sum->others[i].count;
	for (size_t i = 0; i < sum->unexplained_count; i++) {
		const struct unexplained *kind = &sum->unexplained[i];
		/* The sum of these processes is their reason's count. */
		bool theirs = others && !strcmp(kind->reason, NAMESPACE_OTHERS);
		words = text_make(text, "%s%s%s %s%s", words, i ? ", " : "",
				  text_number(text, kind->count), text_safe(text, kind->reason),
				  theirs ? programs(text, sum) : "");
		all += kind->count;
	}
	return all ? text_make(text, " + %s unexplained: %s", text_number(text, all), words)
		   : text_make(text, "%s", "");
}

void text_namespaces(struct text *text)
{
	const struct report *report = text->report;

	for (size_t i = 0; i < report->namespace_count && !text->settings->reproducible; i++) {
		const struct namespace_sum *sum = &report->namespaces[i];
		if (!sum->known || !sum->close_wait)
			continue;
		char *words = text_make(text, "%s CLOSE_WAIT = %s in findings",
					text_number(text, sum->close_wait),
					text_number(text, sum->found));
		if (sum->grace)
			words = text_make(text, "%s + %s within grace", words,
					  text_number(text, sum->grace));
		words = text_make(text, "%s%s", words, unexplained(text, sum));
		if (report->namespace_count > 1)
			words = text_make(text, "net:[%" PRIu64 "]: %s", sum->net_ns, words);
		text_words(text, "namespace", words);
	}
}
