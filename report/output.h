/* SPDX-License-Identifier: MIT */
/* Sends a finished report where --format and --output say. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "options.h"

/* Whether the formats can be written as asked; before any work is done. 0 or -EINVAL and *trouble.
 */
int output_check(struct arena *arena, const struct options *options, const char **trouble);
/* Writes them all. 0, or -errno and *trouble. */
int output_write(struct arena *arena, const struct options *options, const struct report *report,
		 const char **trouble);

#endif
