/* SPDX-License-Identifier: MIT */
/* The text report's balance: what the kernel counts for each process against what the ledger
 * explains. */
#ifndef TEXT_BALANCE_H
#define TEXT_BALANCE_H

#include "text_writer.h"

/* A line or a few for each process; `brief`: only what doesn't add up, as after "no leaks". */
void text_balance(struct text *text, bool brief);
/* "pid 812 app", without the pid when the report is to be reproducible. */
char *text_process(struct text *text, const struct process *process);

#endif
