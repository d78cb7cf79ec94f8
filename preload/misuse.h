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

/* The neighbouring numbers that this thread has closed in a row. Few words of TLS. */
struct misuse_run {
	int first, last; /* 0: none yet; 0 is never a socket's neighbour that matters */
	int16_t step;	 /* direction of the run: 1, -1, or 0 after its first */
	uint16_t length : 15, sweep : 1;
	uint32_t before, latest; /* misuses recorded when it began, and at its last close */
};
extern __thread struct misuse_run misuse_run __attribute__((visibility("hidden")));

/* Steps over a number or two that the program keeps are still a sweep. */
#define MISUSE_STEP_MOST 3

/* A run of one. */
static inline struct misuse_run misuse_run_from(int fd)
{
	uint32_t recorded = ledger->misuses_end;

	return (struct misuse_run){ fd, fd, 0, 1, 0, recorded, recorded };
}

/* misuse_closed() of a number of which nothing is known, and which was something. */
void misuse_closed_near(int fd);
static inline void misuse_closed_other(int fd)
{
	unsigned step = (unsigned)(fd - misuse_run.last);

	if (__builtin_expect(!step || step + MISUSE_STEP_MOST > 2 * MISUSE_STEP_MOST, 1))
		misuse_run = misuse_run_from(fd);
	else
		misuse_closed_near(fd);
}

/* Another call on a number in WATCH_CLOSED has returned; `error` 0: it succeeded, so the number has
 * another owner. EBADF is believed only when the number is not open. */
void misuse_used(int fd, int error, enum call call, void *frame);

#endif
