/* SPDX-License-Identifier: MIT */
/* A ledger's header and section table, checked before anything else of it is looked at. For
 * ledger_reader.c. */
#ifndef LEDGER_CHECK_H
#define LEDGER_CHECK_H

#include "ledger_reader.h"

/* What a record of ours looks like, and how many of them may be believed: a sparse file can claim
 * terabytes. */
struct section_kind {
	const char *name;
	uint32_t known_size, most;
};
extern const struct section_kind section_kinds[SECTION_COUNT];

/* The header, its texts terminated, its known sections inside the file. On failure -errno and
 * *trouble. */
int ledger_header_read(struct arena *arena, const struct ledger_source *source,
		       struct ledger_header *header, const char **trouble);
/* Drops the references that lead nowhere; ledger->astray counts them (ledger_references.c). */
void ledger_references_check(struct ledger *ledger);

#endif
