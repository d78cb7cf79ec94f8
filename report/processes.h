/* SPDX-License-Identifier: MIT */
/* Which processes and ledgers a command speaks of: from pids, files, folders, or nothing. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include "ledger_reader.h"
#include "proc.h"

/* One program of one process: an exec() makes another, with a ledger of its own. */
struct member {
	uint32_t pid; /* for us: in /proc while it runs */
	uint32_t ppid, uid;
	uint64_t start_ticks;
	uint32_t sequence;
	const char *comm;
	const char *path;      /* of the ledger, NULL: it has none */
	const char *open_path; /* where it can be opened, when that is not `path` */
	const char
		*unaudited; /* why the process is not audited; NULL: it is, or has no socket yet */
	const char *root;   /* under which its paths stand for us; "" or /proc/PID/root */
	struct ledger *ledger; /* after members_read */
	uint32_t ledger_state; /* enum ledger_state as peeked */
	uint64_t started_realtime_ns;
	uint64_t opened, closed; /* as peeked */
	uint64_t device, inode;	 /* of the ledger */
	const char *exe;	 /* of one that has ended and left no ledger; else NULL */
	uint64_t last_seen;	 /* alive, by who watched it, in cycles; 0: nobody did */
	int wait_status;	 /* as its parent was told */
	bool wait_known;
	bool running;	   /* this process exists and is no zombie */
	uint64_t pid_ns;   /* inode of the pid namespace that its ledger's numbers are of; 0
			      unknown */
	bool unseen;	   /* whether it runs can't be seen from here; after members_read */
	bool superseded;   /* a later program of the same process has a ledger too */
	bool witness;	   /* read for what it knows of others' sockets, not reported */
	bool named;	   /* its pid or ledger was an argument */
	bool follows_link; /* open_path is one of /proc's magic links */
};

static inline bool member_is_live(const struct member *member)
{
	return member->running && !member->superseded && !member->witness;
}

struct kernel_question; /* kernel_view.h */

struct members {
	struct member *items;
	size_t count, room;
	struct kernel_question *question; /* since members_read; NULL: nobody asked */
	const char
		*trouble; /* after a failure: the message for people, without the program's name */
};

struct members_settings {
	const char *const
		*targets; /* PID, LEDGER, FOLDER; NULL-terminated; none: the newest family */
	bool no_children;
	bool quick; /* processes are known by the pids in their ledgers alone: not those in another
		       pid namespace */
	bool all;   /* no targets: every ledger there is, rather than the newest family */
};

/*
 * The processes that the targets mean, parents before children as they started. Memory is the
 * arena's. On failure -errno and members->trouble. -ENOENT: nothing to report on.
 */
int members_select(struct arena *arena, const struct members_settings *settings,
		   struct members *members);
/* Reads their ledgers, and begins to ask the kernel about those that run. */
int members_read(struct arena *arena, struct members *members);
void members_close(struct members *members);

/* Whether it could run where we don't see it: in another pid namespace, or behind hidepid=. */
bool member_may_hide(const struct member *member);
/* Whether a member's process still has this life: by /proc, now. */
bool member_is_running(const struct member *member);

#endif
