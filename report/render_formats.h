/* SPDX-License-Identifier: MIT */
/* The formats' functions, for the table of render.c alone: each is the `render` of a struct
 * renderer. */
#ifndef RENDER_FORMATS_H
#define RENDER_FORMATS_H

#include "render.h"

int render_text(const struct report *report, const struct render_settings *settings, FILE *out);
int render_json(const struct report *report, const struct render_settings *settings, FILE *out);
int render_sarif(const struct report *report, const struct render_settings *settings, FILE *out);
int render_junit(const struct report *report, const struct render_settings *settings, FILE *out);
int render_github(const struct report *report, const struct render_settings *settings, FILE *out);
int render_gitlab(const struct report *report, const struct render_settings *settings, FILE *out);
int render_markdown(const struct report *report, const struct render_settings *settings, FILE *out);
int render_folded(const struct report *report, const struct render_settings *settings, FILE *out);

int render_suppressions(const struct report *report, const struct render_settings *settings,
			FILE *out);

#endif
