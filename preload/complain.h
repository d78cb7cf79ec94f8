/* SPDX-License-Identifier: MIT */
/*
 * One line to the user, on the standard error that the program was started with or in log=. Never
 * stdio, never to another file that took number 2 since. Errno untouched.
 */
#ifndef COMPLAIN_H
#define COMPLAIN_H

#include <stdbool.h>

/* Set when a write of ours could kill the program: nothing is said any more. */
extern bool complain_never;

/* Remembers what descriptor 2 is. */
void complain_start(void);

/* Writes "sockaudit: " and the strings up to a NULL, and a newline, in one write. */
void complain(const char *first, ...) __attribute__((sentinel));

/* `value` in decimal, in a buffer of at least 24 bytes; returns its start. */
char *complain_number(char buffer[24], unsigned long long value);

#endif
