/* SPDX-License-Identifier: MIT */
/* The table of output formats. */
#include "render.h"
#include "render_formats.h"

#include <string.h>

const struct renderer renderers[] = {
	{ "text", "for people, the default", render_text },
	{ "json", "everything, for programs (schema sockaudit/1)", render_json },
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
