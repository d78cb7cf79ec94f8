/* SPDX-License-Identifier: MIT */
/*
 * What the kernel shows of the members that run: their descriptors in /proc, and after these the
 * sockets of their network namespaces, so that what was a socket in the one is in the other unless
 * it has ended. A thread of its own asks, while ledgers are read that change no more.
 */
#ifndef KERNEL_VIEW_H
#define KERNEL_VIEW_H

#include "kernel.h"
#include "processes.h"

struct kernel_view_process {
	bool asked;
	int error;	 /* of proc_files() */
	uint64_t net_ns; /* it may have ended by the time that it is joined */
	struct proc_files files;
};

struct kernel_view_census {
	bool failed;
	struct kernel_census *kernel; /* NULL: the audit has taken it */
};

struct kernel_view {
	struct kernel_view_process *processes; /* one for each member */
	size_t process_count;
	struct kernel_view_census *censuses; /* of members with a ledger */
	size_t census_count, census_room;
};

struct kernel_question;

/* Begins to ask. The ledgers of members that run have been read: who is a member that runs, and who
 * is not, stays so. */
struct kernel_question *kernel_view_begin(const struct members *members);
/* Waits for the answer, whose memory becomes the arena's. */
void kernel_view_end(struct kernel_question *question, struct arena *arena,
		     struct kernel_view *view);
/* The same when nobody wants to know any more. */
void kernel_view_drop(struct kernel_question *question);

/* In whose network namespace a member is: its own pid, or 0, which is ours. */
uint32_t member_net_pid(const struct member *member);

#endif
