/* SPDX-License-Identifier: MIT */
/* What the descriptors of one socket, in several numbers and processes, know of it, put together.
 * For classify.c and held_by_child.c. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "audit.h"

/* Whose word each piece is; NULL: nobody's. */
struct evidence {
	const struct socket_ref *eof, *error, *shutdown, *connect, *used, *closed, *told;
	const struct socket_ref *interest; /* of epoll's */
	bool open_seen;
};

/*
 * The call that made what is still open: of a copy whose original is closed, that is dup(). Only of
 * what came by fork or exec do others know better, even when their own descriptor is gone.
 */
const struct socket_ref *evidence_opener(const struct audited_socket *socket);

/* The name of the call that made a descriptor: never NULL. */
const char *evidence_opened_call(const struct audit *audit, const struct socket_ref *ref);

/* `merged` is a copy of the opener's slot: its own facts shall come in by the same door as the
 * others', so that each knows who saw it. */
void evidence_start(struct ledger_slot *merged, struct evidence *evidence);
/* How the socket came to be: true whoever says so. */
void evidence_of_origin(struct ledger_slot *merged, struct evidence *evidence,
			const struct socket_ref *ref);
/* What was seen and done through one descriptor. */
void evidence_of_life(struct ledger_slot *merged, struct evidence *evidence,
		      const struct socket_ref *ref);
/* What an open descriptor knows of the close of another one. */
void evidence_of_close(struct ledger_slot *merged, struct evidence *evidence,
		       const struct socket_ref *ref);
struct verdict_kernel evidence_of_kernel(const struct socket_kernel *kernel);

#endif
