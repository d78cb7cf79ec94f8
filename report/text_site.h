/* SPDX-License-Identifier: MIT */
/* Places of the program in the text report: sites in a few words, stacks line by line, the source
 * quoted. */
#ifndef TEXT_SITE_H
#define TEXT_SITE_H

#include "text_writer.h"

/* "client.c:212 fetch()", "fetch() in app+0x11c9", "app+0x11c9": safe, of at most `columns`. NULL
 * is a place that nobody knows. */
char *text_site(struct text *text, const struct frame *frame, unsigned columns);
/* The same with the path as the reader can open it from where he stands. */
char *text_site_path(struct text *text, const struct frame *frame, unsigned columns);

/* The stack from its site on, a frame a line, with the site's source; all frames under with_stacks.
 */
void text_stack(struct text *text, const struct stack *stack);

#endif
