/* SPDX-License-Identifier: MIT */
/*
 * What passes from one program to the next by inheritance: what this one finds open when it begins,
 * and what it leaves to be known when it ends without ever having used it.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

/* In the constructor: adopts what the program before the exec() wrote down, watches what else is a
 * socket. A program that was handed none makes no ledger for it. */
void handover_begin(void);

/*
 * Before the end: sockets that it inherited, never used, and that, as far as we know, only it kept
 * open, go into its ledger. While it runs, /proc shows them. Those who live for less than the grace
 * of a finding write nothing: a server's thousands of short children leave no files.
 */
void handover_end(void);

#endif
