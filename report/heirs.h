/* SPDX-License-Identifier: MIT */
/* Who holds a socket that was closed elsewhere, member or not, ended or running. For
 * held_by_child.c.
 */
#ifndef HEIRS_H
#define HEIRS_H

#include "audit.h"
#include "family.h"

/* A descriptor of the socket, in a process that may have inherited it. */
struct heir {
	uint32_t pid, ppid, uid;
	uint64_t start_ticks;
	const char *comm;
	int fd;
	const struct member *member;	/* its ledger's; NULL: it has none */
	const struct ledger_slot *slot; /* NULL: it never touched it */
	bool unaudited;			/* what it does nobody sees */
};

/* A socket in a process that is no member. */
struct outsider {
	uint64_t inode;
	const struct proc *proc;
	int fd;
};

struct heirs {
	struct audit *audit;
	struct family family;
	const char *boot_id;	    /* of now; NULL until it is needed */
	bool looked;		    /* into /proc: only where there is something to look for */
	struct outsider *outsiders; /* by inode */
	size_t outsider_count, outsider_room;
};

void heirs_start(struct heirs *heirs, struct audit *audit);
/* Those who hold it now or, of ended processes, held it to their end. Holders that are no members
 * are added to the socket's. */
struct heir *heirs_find(struct heirs *heirs, struct audited_socket *socket, size_t *count);

#endif
