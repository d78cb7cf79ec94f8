/* SPDX-License-Identifier: MIT */
/*
 * The command of `sockaudit run`: it has our terminal, process group, streams, limits and signal
 * mask as if we were not there; what is sent to us is passed on to it; and we end as it did.
 */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_child {
	pid_t pid;
	bool ended;
	int status; /* of waitpid(), once it has ended */
	sigset_t mask_before, watched;
};

/* Signals are blocked from here on: they are for the command, and what was begun is put away. */
void run_child_prepare(struct run_child *child);
/* 0, or the errno of what failed: *exec_failed tells whether it was the exec. */
int run_child_start(struct run_child *child, char *const *command, char *const *environment,
		    bool *exec_failed);
/* Waits for its end, for so long at most, and passes signals on meanwhile. */
void run_child_wait(struct run_child *child, unsigned ms);
/* After its end Ctrl-C is for us: `put_away` is called, and we end by it. */
void run_child_interruptible(void (*put_away)(void *with), void *with);
/* Ends this process by the signal that ended the child; returns the exit status when it wasn't
 * one. */
int run_child_status(const struct run_child *child);

#endif
