/* SPDX-License-Identifier: MIT */
/* What the program says that it is doing: names with a time, for the findings that come of it. */
#ifndef MARKS_H
#define MARKS_H

#include <stdint.h>

/* Into the ledger, and under `sockaudit run` into the run's file, where other processes' findings
 * take it from. */
void marks_add(const char *name);
/* With a new ledger: the mark that was set before it. */
void marks_begin(void);
/* The time of the last one; 0: none. */
uint64_t marks_last(void);

#endif
