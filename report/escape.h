/* SPDX-License-Identifier: MIT */
/* Making hostile text harmless: what a program chose to be called must not steer a terminal or
 * break a document. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* The code point at `text` and its length in bytes; 0 when no valid UTF-8 starts there. */
size_t escape_decode(const char *text, uint32_t *code);

/* `text` for a terminal, malloc'd: control characters, those that turn or hide text, and invalid
 * UTF-8 stand as \n, \x1b, \u{202e}. NULL when memory is out. */
char *escape_terminal(const char *text);

/* `text` with every byte that is no UTF-8 replaced by U+FFFD, malloc'd. NULL when memory is out. */
char *escape_utf8(const char *text);

/* The columns that escaped text takes. */
unsigned escape_columns(const char *text);

/* Cuts escaped text, in place, to at most `columns`, the last three of them "...". */
void escape_cut(char *text, unsigned columns);

#endif
