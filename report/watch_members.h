/* SPDX-License-Identifier: MIT */
/*
 * The processes that are watched: who they are now, and their ledgers, each kept open from the
 * moment it was found, so that it can be read when its process has ended, whoever removed it since.
 */
#ifndef WATCH_MEMBERS_H
#define WATCH_MEMBERS_H

#include "processes.h"

/* One program of one process. */
struct watched {
	struct member member; /* its texts are ours; no ledger in it */
	int ledger;	      /* -1: it has none */
	bool ended;	      /* nothing of it changes any more */
	bool outdated;	      /* another entry speaks of the same program */
	bool counted;	      /* and its last counters are in the model (watch_model.c) */
	int32_t exit_status;
	bool exit_known;
	uint64_t opened, closed;
	uint32_t *stacks; /* by number in its ledger: index + 1 in the model */
	size_t stack_count;
};

struct watch_members {
	struct watched **items; /* parents first */
	size_t count, room;
	struct members_settings settings;	     /* whom to look for */
	const char *const *named;		     /* as they were named */
	uint64_t forgotten_opened, forgotten_closed; /* by those that are no longer here */
	uint64_t folders_changed; /* sum of the times at which the ledgers' folders changed */
};

/* Looks for those that are not known yet. 0, or -errno and *trouble, which is the arena's. */
int watch_members_find(struct watch_members *members, struct arena *arena, const char **trouble);
/* Whether ledgers have come or gone in the folders since this was asked last: cheap. */
bool watch_members_changed(struct watch_members *members);
/* Who still runs. */
void watch_members_look(struct watch_members *members);
/* A copy of them for an analysis, their ledgers read. */
int watch_members_read(const struct watch_members *members, struct arena *arena,
		       struct members *result);
/* How many processes of them run. */
size_t watch_members_running(const struct watch_members *members);
void watch_members_free(struct watch_members *members);

#endif
