/* SPDX-License-Identifier: MIT */
/* The two ends of a conversation, in the kernel's book: who stands at the other end of a socket,
 * where that is on this machine too. */
#ifndef KERNEL_PAIRS_H
#define KERNEL_PAIRS_H

#include "kernel.h"

struct kernel_pairs;

/* Of these censuses, which must stay as they are. kernel_pairs_free() when done. */
struct kernel_pairs *kernel_pairs_new(struct arena *arena,
				      const struct kernel_census *const *censuses, size_t count);
void kernel_pairs_free(struct kernel_pairs *pairs);

/*
 * The other end of a socket of one of the censuses: by the addresses, which stand the other way
 * round there (an IPv4 address is the same whether it is mapped into IPv6 or not), or by the inode
 * that AF_UNIX knows of its peer. Of its own namespace, else of the only other one that has it:
 * loopback addresses mean another machine there. NULL: not here.
 */
const struct kernel_socket *kernel_other_end(const struct kernel_pairs *pairs,
					     const struct kernel_census *census,
					     const struct kernel_socket *socket);
/* The listener in whose queue a connection stands that belongs to no descriptor yet; NULL: it
 * stands in none. */
const struct kernel_socket *kernel_queue_of(const struct kernel_pairs *pairs,
					    const struct kernel_socket *socket);
/* The socket with an inode, and its census. NULL: not there. */
const struct kernel_socket *kernel_pairs_by_inode(const struct kernel_pairs *pairs, uint64_t inode,
						  const struct kernel_census **census);

#endif
