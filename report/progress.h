/* SPDX-License-Identifier: MIT */
/*
 * What a report is busy with, for who sits and waits: one line on the standard error, from the
 * second second on, erased when it is done. Only on a terminal whose foreground is ours; elsewhere,
 * and outside of begin and end, all of this does nothing.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stddef.h>

void progress_begin(void);
/* `what` stands for good: "reading ledgers". So many of all are done; 0: nobody knows of how many.
 */
void progress_tell(const char *what, size_t done, size_t all);
void progress_end(void);

#endif
