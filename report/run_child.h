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

/* 0, or the errno of what failed: *started tells whether it was the exec. Signals are blocked from
 * here on. */
int run_child_start(struct run_child *child, char *const *command, char *const *environment,
		    bool *exec_failed);
/* Waits for its end, for so long at most, and passes signals on meanwhile. */
void run_child_wait(struct run_child *child, unsigned ms);
/* Ends this process by the signal that ended the child; returns the exit status when it wasn't
 * one. */
int run_child_status(const struct run_child *child);

#endif
