/* SPDX-License-Identifier: MIT */
/* Where ledgers stand: the folder, the file's name, and the pruning of old ones. Raw system calls
 * only. */
#ifndef LEDGER_FOLDER_H
#define LEDGER_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Who this process is, from /proc/self/stat; zeros when that can't be read. */
struct identity {
	uint32_t pid, ppid, process_group, session;
	uint64_t start_ticks;
	char comm[16];
};
void identity_read(struct identity *identity);

/* A new ledger: an open descriptor, or -errno; `path` is its full path (also that of the folder on
 * failure). `place` counts the places to try: false in *more when this was the last. */
int ledger_folder_create(unsigned place, const struct identity *identity, char path[PATH_MAX],
			 uint32_t *sequence, bool *more);

/* The path of this process's ledger number `sequence` in a place; false when there is no such
 * place. */
bool ledger_folder_path(unsigned place, const struct identity *identity, uint32_t sequence,
			char path[PATH_MAX]);

/* `pid_ns` is the caller's pid namespace: in another, nobody here can see who runs. Removes ended
 * ledgers beside `path` beyond the settings' `keep`: clean ones first, then the oldest. */
void ledger_folder_prune(const char *path, uint64_t pid_ns);

#endif
