/* SPDX-License-Identifier: MIT */
/* Sockets that a process closed, and that are open all the same. For join.c. */
#ifndef JOIN_CLOSED_H
#define JOIN_CLOSED_H

#include "join_sockets.h"
#include "kernel.h"

/*
 * Sockets that a member closed while the kernel shows that somebody still holds them; the censuses
 * are those taken so far. Then, after the witnesses, what the members remember of sockets closed
 * long ago.
 */
void closed_find(struct join_sockets *join, const struct kernel_census *const *censuses,
		 size_t count);
void closed_join(struct join_sockets *join);
/* A record of the ring as the slot that it was. */
struct ledger_entry *closed_entry(struct arena *arena, const struct ledger_closed *closed);
/* join.c's. The kernel's word of a socket; `at` is now, in cycles. */
struct socket_kernel kernel_word(const struct kernel_socket *kernel, uint64_t at);
void kernel_attach(struct audited_socket *socket, const struct kernel_census *census,
		   const struct kernel_socket *kernel, uint64_t at);
struct socket_kernel kernel_word(const struct kernel_socket *kernel, uint64_t at);

#endif
