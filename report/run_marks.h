/* SPDX-License-Identifier: MIT */
/* The file of marks of a run: lines that were appended without a time get that at which they were
 * noticed. */
#ifndef RUN_MARKS_H
#define RUN_MARKS_H

struct run_marks;

/* NULL: it can't be watched; then such lines belong to nobody. */
struct run_marks *run_marks_watch(const char *path);
/* Writes the file anew, every line with its time. */
void run_marks_finish(struct run_marks *marks);

#endif
