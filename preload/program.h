/* SPDX-License-Identifier: MIT */
/* The program that we are in. */
#ifndef PROGRAM_H
#define PROGRAM_H

/* The path of its file, "" unknown. Found at the first call, which comes at load: later another
 * root or folder may hide it. */
const char *program_path(void);

/* What it would not be told of, as it said at load; "" nothing. */
extern const char *program_suppressions;
void program_ask(void);

#endif
