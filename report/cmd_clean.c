/* SPDX-License-Identifier: MIT */
/* sockaudit clean: removes the ledgers of processes that have ended. */
#include "command.h"

#include "escape.h"
#include "ledger_folder.h"
#include "proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By its name, which can't lie about a process of this pid namespace, and by who has it mapped. */
static bool is_in_use(const struct ledger_file *file, const struct members *members)
{
	struct proc proc;

	if (!proc_read(file->name.pid, &proc) && proc.start_ticks == file->name.start_ticks &&
	    proc.state != 'Z' && proc.state != 'X')
		return true;
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i].running && members->items[i].inode == file->inode &&
		    members->items[i].device == file->device)
			return true;
	return false;
}

static int file_remove(const struct ledger_file *file, const struct options *options)
{
	char *shown = escape_terminal(file->path);
	int error = 0;

	if (options->dry_run)
		printf("would remove %s\n", shown ? shown : "?");
	else if (unlink(file->path) && errno != ENOENT)
		error = -errno;
	if (error)
		fprintf(stderr, "sockaudit: cannot remove ledger '%s': %s\n", shown ? shown : "?",
			strerror(-error));
	free(shown);
	return error;
}

static int files_find(struct arena *arena, const struct options *options,
		      struct ledger_files *files)
{
	if (!options->targets[0])
		ledger_default_folders_list(arena, options->all && geteuid() == 0, files);
	for (size_t i = 0; options->targets[i]; i++) {
		int error = ledger_folder_list(arena, options->targets[i], files);
		if (error) {
			fprintf(stderr, "sockaudit: cannot read folder '%s': %s\n",
				options->targets[i], strerror(-error));
			return error;
		}
	}
	return 0;
}

int cmd_clean(const struct options *options)
{
	struct members_settings settings = { .all = true };
	struct arena arena = { NULL };
	struct ledger_files files = { 0 };
	struct members members;
	size_t removed = 0, kept = 0;
	int status = EXIT_CLEAN, error = files_find(&arena, options, &files);

	if (!error) {
		/* Whoever runs; nobody at all is no trouble here. */
		members_select(&arena, &settings, &members);
		for (size_t i = 0; i < files.count; i++) {
			if (is_in_use(&files.files[i], &members))
				kept++;
			else if (file_remove(&files.files[i], options))
				status = EXIT_TROUBLE;
			else
				removed++;
		}
		printf("%zu ledger%s %s, %zu in use\n", removed, removed == 1 ? "" : "s",
		       options->dry_run ? "would be removed" : "removed", kept);
	}
	/* Who reads the first lines only, as head does, misses nothing. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		fprintf(stderr, "sockaudit: cannot write to the standard output: %s\n",
			strerror(errno));
		status = EXIT_TROUBLE;
	}
	arena_free(&arena);
	return error ? EXIT_TROUBLE : status;
}
