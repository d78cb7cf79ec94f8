/* SPDX-License-Identifier: MIT */
/* The process as the ledger sees it: whose memory this is, what it may still ask of the kernel, and
 * how it ends. */
#ifndef PROCESS_H
#define PROCESS_H

#include "hooks_sharing.h"
#include "ledger_file.h"
#include "parent.h"
#include "settings.h"
#include <stdbool.h>

/* False in a vfork child, whose changes to the table are not ours (it shares our memory), and when
 * auditing is switched off. Starts what is not started yet. A getpid() once there may be such a
 * child. */
bool process_is_ours_seldom(void);
static inline bool process_is_ours(void)
{
	/* A child has no slots until it is asked for the first time. */
	return __builtin_expect(ledger->slots && !sharing_seen, 1) ? settings.enabled
								   : process_is_ours_seldom();
}

/* Ours, and with a ledger: makes it at the first need. */
bool process_ready(void);

/* The same for a call that makes a descriptor, at less cost. */
bool process_ready_to_open(void);

/* No system call of ours is allowed: the program installed a seccomp filter. */
bool process_is_filtered(void);

/* In a child of fork, with what its parent took along. */
void process_forked(const struct parent *parent);

/* daemon() is about to end this process, inside libc; then it has returned: in the child, or in the
 * parent that could not make one. */
void process_before_daemon(void);
void process_after_daemon(const struct parent *parent);

/* Another program is about to replace this one, its file's path NULL when it is given otherwise;
 * `false`: that failed. */
void process_exec(bool begins, const char *path);

/* The process is about to end with `status`: snapshot, summary. Returns the status to end with. */
int process_ends(int status);

/* The status of a quick_exit() under way; its end is told by a handler. */
extern int process_quick_status;

/* A filter is about to be installed: nothing is asked of the kernel from here on. `false` takes it
 * back. */
void process_filter(bool installed);

/* Recording ends for good: not even the cycle counter may be read from here on. */
void process_stop(void);

/* The program is about to lose rights: the ledger now, while it can be made. */
void process_before_loss(void);

/* After unshare() or setns(), with CLONE_* of what is no longer shared. */
void process_unshared(int flags);

/* glibc's: 0 once a thread was made. Absent in musl. */
extern char __libc_single_threaded __attribute__((weak));

/* No other thread can do anything meanwhile, as far as libc knows. */
static inline bool process_is_single(void)
{
	return &__libc_single_threaded && __libc_single_threaded;
}

/* Sockets may from now on live in different network namespaces: ask each for its own. */
extern bool process_many_net_ns;

/* Threads may from now on have tables of descriptors of their own: a number is one thread's alone.
 */
extern bool process_many_tables;

#endif
