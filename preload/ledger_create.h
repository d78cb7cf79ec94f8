/* SPDX-License-Identifier: MIT */
/* The making of a ledger: sizes, the file, its header. Happens once in a process that opens a
 * socket. */
#ifndef LEDGER_CREATE_H
#define LEDGER_CREATE_H

#include "ledger_file.h"

/* Nothing can be recorded, in this process and its children: the reason has been told. */
extern bool ledger_create_off;

/* This kernel (before 5.14) can't fill pages on request: the whole of a small ledger was allocated
 * at once. */
extern bool ledger_create_fixed;

/* The program locks what it maps from now on (mlockall(MCL_FUTURE)): the next ledger is a small
 * one. */
extern bool ledger_create_small;

/* Makes and maps a ledger; `room` becomes the bytes that it may fill beyond the header. */
bool ledger_create(struct ledger_bases *made, int64_t *room);

/* The rest of the header, once the ledger can hold strings. */
void ledger_create_filled(void);

/* The path of the ledger that this process has made; "" without one. */
const char *ledger_create_path(void);

#endif
