/* SPDX-License-Identifier: MIT */
/* Lines for --suppressions that cover what was found, each with the finding that it is for. */
#include "render_formats.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* In a pattern a star is any run of characters, so it stands for itself, too; what ends a line
 * can't be written. */
static void pattern_put(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) ? '*' : *text, out);
}

static const char *file_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path;
}

/* As narrow as can be: the place that the site is of. */
static const char *kind_of(const struct finding *finding)
{
	const struct stack *stack = finding_site_stack(finding);

	if (finding->evidence.call && stack == finding->evidence.stack)
		return "evidence";
	return finding->opened.call && stack == finding->opened.stack ? "opened" : "leak";
}

int render_suppressions(const struct report *report, const struct render_settings *settings,
			FILE *out)
{
	const char *before = NULL;

	(void)settings;
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		const struct frame *site = finding_site(finding);
		if (finding->status == STATUS_SUPPRESSED)
			continue;
		fprintf(out, "# %s: %llu, fingerprint %s\n", rules[finding->rule].name,
			(unsigned long long)finding->count, finding->fingerprint);
		if (!site || (!site->function && !site->module)) {
			fputs("# nothing is known of its place: only its rule can be named\n", out);
			fprintf(out, "rule:^%s$\n", rules[finding->rule].name);
			continue;
		}
		const char *name = site->function ? site->function : file_name(site->module);
		if (before && !strcmp(before, name)) {
			fputs("# the same line as before\n", out);
			continue;
		}
		before = name;
		/* A module stands in the report with its path. */
		fprintf(out, "%s:%s", kind_of(finding), site->function ? "^" : "/");
		pattern_put(name, out);
		fputs("$\n", out);
	}
	return ferror(out) ? -EIO : 0;
}
