/* SPDX-License-Identifier: MIT */
/* Sends a finished report where --format and --output say. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "options.h"
#include "render.h"

/* Whether the formats can be written as asked; before any work is done. 0 or -EINVAL and *trouble.
 */
int output_check(struct arena *arena, const struct options *options, const char **trouble);
/* The next item of a list "text,json:FILE"; false at its end. */
bool output_next(struct arena *arena, const char **list, char **name, const char **file);
/* Calls `write` for each format, with the stream that it goes to; `standard` stands for the
 * standard output. 0, or -errno and *trouble. */
typedef int output_writer(void *data, const char *format, const struct render_settings *settings,
			  FILE *out);
int output_each(struct arena *arena, const struct options *options, FILE *standard,
		output_writer *write, void *data, const char **trouble);
/* Writes them all. 0, or -errno and *trouble. */
int output_write(struct arena *arena, const struct options *options, const struct report *report,
		 const char **trouble);

#endif
