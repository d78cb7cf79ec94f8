/* SPDX-License-Identifier: MIT */
/* Hostile text for documents with markup. What the terminal must not see is to be escaped before
 * (escape.h): here only what would end a text and begin a tag. */
#ifndef ESCAPE_MARKUP_H
#define ESCAPE_MARKUP_H

#include "arena.h"

/* For XML 1.0, in text and in attributes: & < > " ' as entities, line ends and tabs as references,
 * and what no XML may hold (control characters, U+FFFE, bytes that are no UTF-8) as U+FFFD. */
char *escape_xml(struct arena *arena, const char *text);
/* The same for text whose lines stay lines. */
char *escape_xml_lines(struct arena *arena, const char *text);
/* For Markdown, HTML and tables alike: all but letters, digits and spaces as references, so that
 * nothing is emphasis, a link, a mention, a cell or a tag; line ends become spaces. */
char *escape_markdown(struct arena *arena, const char *text);

#endif
