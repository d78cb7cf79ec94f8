/* SPDX-License-Identifier: MIT */
/* The folders in which ledgers stand, and the files' names: PID.STARTTIME.N.ledger. */
#ifndef LEDGER_FOLDER_H
#define LEDGER_FOLDER_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

struct ledger_name {
	uint32_t pid, sequence;
	uint64_t start_ticks;
};

struct ledger_file {
	const char *path;
	struct ledger_name name;
	uint64_t device, inode;
};

struct ledger_files {
	struct ledger_file *files;
	size_t count, room;
};

/* False: not the name of a ledger. */
bool ledger_name_parse(const char *name, struct ledger_name *parsed);
/* Adds the ledgers of a folder, and of the sockaudit-UID folders in it; by name. 0 or -errno. */
int ledger_folder_list(struct arena *arena, const char *folder, struct ledger_files *files);
/* Adds those of the default folders: this user's, or (`all_users`) everybody's. Folders that are
 * not their user's own, which anybody could have put there, are passed over. */
void ledger_default_folders_list(struct arena *arena, bool all_users, struct ledger_files *files);
/* Where a ledger was looked for, in words, for messages. */
const char *ledger_default_folders_text(struct arena *arena);

#endif
