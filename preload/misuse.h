/* SPDX-License-Identifier: MIT */
/*
 * Calls on numbers that are no longer open. A number closed twice is a bug that costs somebody else
 * a connection; a program that closes every number in a range (before exec, or to become a daemon)
 * meets the same EBADF by the hundred and is right. What tells them apart: a sweep is a run of
 * neighbouring numbers closed one after another by one thread, and at least one of them was never a
 * socket that we saw closed.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include "fdtable.h"

enum close_result {
	CLOSED_SOCKET, /* a socket that we knew */
	CLOSED_OTHER,  /* something else */
	CLOSE_REFUSED, /* EBADF on a number that we did not hold for open */
};

/* A close() of `fd` has returned. */
void misuse_closed(int fd, const struct ledger_slot *slot, enum close_result result, enum call call,
		   void *frame);

/* Another call on a number in WATCH_CLOSED has returned; `error` 0: it succeeded, so the number has
 * another owner. EBADF is believed only when the number is not open. */
void misuse_used(int fd, int error, enum call call, void *frame);

#endif
