/* SPDX-License-Identifier: MIT */
/* The table of output formats. */
#include "render.h"
#include "render_formats.h"

#include <string.h>

const struct renderer renderers[] = {
	{ "text", "for people, the default", render_text },
	{ "json", "everything, for programs (schema sockaudit/1)", render_json },
	{ "sarif", "SARIF 2.1.0, for code scanning and editors", render_sarif },
	{ "junit", "JUnit XML, for CI servers: a test case for each test, or site", render_junit },
	{ "github", "annotations for GitHub Actions: the worst nine, then how many more",
	  render_github },
	{ "gitlab", "GitLab's code quality report", render_gitlab },
	{ "markdown", "for a job's summary or a comment", render_markdown },
	{ "folded", "stacks for flame graphs, by sockets", render_folded },
	{ "suppressions", "lines that cover what was found, for --suppressions",
	  render_suppressions },
	{ NULL, NULL, NULL },
};

const struct renderer *renderer_find(const char *name)
{
	for (const struct renderer *renderer = renderers; renderer->name; renderer++) {
		if (!strcmp(renderer->name, name))
			return renderer;
	}
	return NULL;
}
