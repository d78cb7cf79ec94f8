/* SPDX-License-Identifier: MIT */
/* Both ends of a conversation, where both are on this machine; and who else holds a socket. */
#ifndef JOIN_PEERS_H
#define JOIN_PEERS_H

#include "audit.h"
#include "code.h"

struct peers;

/*
 * Begins to gather what is asked below, in a thread of its own: until peers_wait() the audit keeps
 * its censuses, and nobody asks it for owners. While the censuses stand; peers_free() when done.
 */
struct peers *peers_begin(struct audit *audit, struct code *code);
void peers_wait(struct peers *peers);
void peers_free(struct peers *peers);

/*
 * Sets row->peer_process, by a member's ledger where one knows the other end, else by /proc, else
 * by the kernel's row alone; and adds to row->holders those that are no members. The row is an
 * audited socket's (row->book), or one that only the kernel knows, by its inode.
 */
void peers_tell(struct peers *peers, struct socket_row *row);
/* The kernel's word of the socket with an inode, in the members' namespaces. False: it lists none.
 */
bool peers_kernel_word(const struct peers *peers, uint64_t inode, struct socket_kernel *word);
/* The place where a socket's descriptor was made, by the ledger; and where another one of it was
 * closed. */
struct place peers_opened(struct peers *peers, const struct judgement *lived);
struct place peers_closed(struct peers *peers, const struct judgement *lived);

#endif
