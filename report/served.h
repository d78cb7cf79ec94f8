/* SPDX-License-Identifier: MIT */
/*
 * A process per connection whose parent forgot its copy: a child served the socket to its end and
 * closed it, and the process that opened it never touched it after the fork. For cause_unread.c.
 */
#ifndef SERVED_H
#define SERVED_H

#include "audit.h"
#include "code.h"

struct served {
	const struct socket_ref *closed; /* the child's; NULL: no child did */
	const struct member *branch;	 /* the child of the opener through whom it came: its ledger
					    knows the fork */
};

/* `socket` has a judgement. */
struct served served_by_child(const struct audit *audit, const struct audited_socket *socket);
/* Where the first of them was forked; no place: none was, or nobody knows. */
struct place served_fork(const struct audit *audit, struct code *code,
			 struct audited_socket *const *sockets, size_t count);
/* The cause of those that were. */
const char *served_text(const struct audit *audit, struct audited_socket *const *sockets,
			size_t count, bool timeless);

#endif
