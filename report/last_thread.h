/* SPDX-License-Identifier: MIT */
/* Which thread used a finding's sockets last, and what has become of it. For cause_unread.c. */
#ifndef LAST_THREAD_H
#define LAST_THREAD_H

#include "audit.h"
#include "proc_thread.h"

struct last_thread {
	const struct ledger_thread *thread; /* the one that used most of them; NULL: unknown */
	const struct member *member;
	size_t count;		   /* of these sockets it used so many last */
	size_t of;		   /* sockets that were asked about */
	uint64_t idle_ms;	   /* its last read or write of a socket is at most so long ago */
	bool went_on;		   /* and it was of another one, later than of any of these */
	bool before;		   /* and that was before the latest of these sockets' FINs came */
	struct thread_place place; /* now; unknown when the process has ended */
	const char *peer;	   /* of the connection that it waits for; NULL: none, or unknown */
};

/* `sockets` have judgements. */
struct last_thread last_thread_find(const struct audit *audit,
				    struct audited_socket *const *sockets, size_t count);
/* It has made no call on a socket for that long, and does not just wait for the next event; nor for
 * the next piece of work, if these were not its last. */
bool last_thread_is_stuck(const struct last_thread *last);
/* "; thread 812 (worker), which used it last, ..."; "" when nothing is known. */
const char *last_thread_text(struct arena *arena, const struct last_thread *last, bool timeless);

#endif
