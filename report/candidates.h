/* SPDX-License-Identifier: MIT */
/* Every ledger that can be found, before anything is chosen among them. For processes.c. */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "family.h"
#include "ledger_folder.h"

struct search {
	struct arena *arena;
	struct members candidates;
	struct family family;
	const char *boot_id;
};

struct member *member_add(struct arena *arena, struct members *members,
			  const struct member *member);
/* What a ledger's header says, without reading the rest. On failure -errno and the reason. */
int member_peek(struct search *search, const char *path, bool follows_link, struct member *member,
		const char **trouble);
/* Those that running processes have mapped, whatever their folder. */
void candidates_from_proc(struct search *search);
/* What running processes were before an exec(): it stands beside the ledgers that they have mapped.
 */
void candidates_beside_running(struct search *search);
/* Those in files; the ones that can't be read are passed over. */
void candidates_from_files(struct search *search, const struct ledger_files *files);

#endif
