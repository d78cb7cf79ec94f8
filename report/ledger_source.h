/* SPDX-License-Identifier: MIT */
/* Reading pieces of a ledger that may be sparse, and may change or shrink meanwhile. For
 * ledger_reader.c. */
#ifndef LEDGER_SOURCE_H
#define LEDGER_SOURCE_H

#include "ledger_reader.h"

/* All of it, or -errno; -ENODATA when the file ends before. */
int source_read(const struct ledger_source *source, uint64_t offset, void *buffer, size_t size);
/* The same into a zeroed buffer, without touching what lies in holes. */
int source_read_sparse(const struct ledger_source *source, uint64_t offset, void *buffer,
		       size_t size);
/* Where the next bytes at or after `offset` are that were ever written; UINT64_MAX: none. */
uint64_t source_next_data(const struct ledger_source *source, uint64_t offset);

#endif
