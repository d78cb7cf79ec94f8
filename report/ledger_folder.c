/* SPDX-License-Identifier: MIT */
/* The folders in which ledgers stand; see ledger_folder.h. */
#include "ledger_folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool number_parse(const char **text, uint64_t most, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*number = strtoull(*text, &end, 10);
	*text = end;
	return !errno && *number <= most;
}

bool ledger_name_parse(const char *name, struct ledger_name *parsed)
{
	uint64_t pid, start, sequence;

	if (!number_parse(&name, UINT32_MAX, &pid) || *name++ != '.' ||
	    !number_parse(&name, UINT64_MAX, &start) || *name++ != '.' ||
	    !number_parse(&name, UINT32_MAX, &sequence) || strcmp(name, ".ledger"))
		return false;
	*parsed = (struct ledger_name){ .pid = (uint32_t)pid,
					.sequence = (uint32_t)sequence,
					.start_ticks = start };
	return true;
}

static int file_compare(const void *a, const void *b)
{
	const struct ledger_name *left = &((const struct ledger_file *)a)->name;
	const struct ledger_name *right = &((const struct ledger_file *)b)->name;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	if (left->start_ticks != right->start_ticks)
		return left->start_ticks < right->start_ticks ? -1 : 1;
	return left->sequence < right->sequence ? -1 : left->sequence > right->sequence;
}

/* `owner` -1: whoever; else the folder must be a real one of this user. */
static int folder_add(struct arena *arena, const char *folder, int64_t owner,
		      struct ledger_files *files, bool nested)
{
	struct stat stat_buffer;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (owner >= 0 ? O_NOFOLLOW : 0));

	if (fd < 0)
		return -errno;
	if (owner >= 0 && (fstat(fd, &stat_buffer) || (int64_t)stat_buffer.st_uid != owner)) {
		close(fd);
		return -EPERM;
	}
	DIR *stream = fdopendir(fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	for (struct dirent *entry; (entry = readdir(stream));) {
		struct ledger_file file;
		if (nested && !strncmp(entry->d_name, "sockaudit-", 10) &&
		    isdigit((unsigned char)entry->d_name[10]))
			folder_add(arena, arena_printf(arena, "%s/%s", folder, entry->d_name),
				   (int64_t)strtoul(entry->d_name + 10, NULL, 10), files, false);
		if (!ledger_name_parse(entry->d_name, &file.name) ||
		    fstatat(fd, entry->d_name, &stat_buffer, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(stat_buffer.st_mode))
			continue;
		size_t length = strlen(folder);
		const char *slash = length && folder[length - 1] == '/' ? "" : "/";
		file.path = arena_printf(arena, "%s%s%s", folder, slash, entry->d_name);
		file.device = stat_buffer.st_dev;
		file.inode = stat_buffer.st_ino;
		bool known = false;
		for (size_t i = 0; i < files->count && !known; i++)
			known = files->files[i].device == file.device &&
				files->files[i].inode == file.inode;
		if (known)
			continue;
		files->files =
			arena_more(arena, files->files, files->count, &files->room, sizeof(file));
		files->files[files->count++] = file;
	}
	closedir(stream);
	return 0;
}

int ledger_folder_list(struct arena *arena, const char *folder, struct ledger_files *files)
{
	size_t before = files->count;
	int error = folder_add(arena, folder, -1, files, true);

	if (!error && files->count > before)
		qsort(files->files + before, files->count - before, sizeof(*files->files),
		      file_compare);
	return error;
}

/* dir= of SOCKAUDIT_OPTIONS; NULL: not set. */
static const char *folder_from_options(struct arena *arena)
{
	const char *options = getenv("SOCKAUDIT_OPTIONS"), *folder = NULL;

	while (options && *options) {
		size_t length = strcspn(options, ":");
		if (length > 4 && !strncmp(options, "dir=", 4))
			folder = arena_printf(arena, "%.*s", (int)(length - 4), options + 4);
		options += length + (options[length] == ':');
	}
	return folder;
}

void ledger_default_folders_list(struct arena *arena, bool all_users, struct ledger_files *files)
{
	static const char *const places[] = { "/dev/shm", "/tmp" };
	const char *own = folder_from_options(arena);
	size_t before = files->count;

	if (own)
		folder_add(arena, own, -1, files, true);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!all_users) {
			folder_add(arena,
				   arena_printf(arena, "%s/sockaudit-%u", places[i], getuid()),
				   getuid(), files, false);
			continue;
		}
		DIR *stream = opendir(places[i]);
		for (struct dirent *entry; stream && (entry = readdir(stream));)
			if (!strncmp(entry->d_name, "sockaudit-", 10) &&
			    isdigit((unsigned char)entry->d_name[10]))
				folder_add(arena,
					   arena_printf(arena, "%s/%s", places[i], entry->d_name),
					   (int64_t)strtoul(entry->d_name + 10, NULL, 10), files,
					   false);
		if (stream)
			closedir(stream);
	}
	if (files->count > before)
		qsort(files->files + before, files->count - before, sizeof(*files->files),
		      file_compare);
}

const char *ledger_default_folders_text(struct arena *arena)
{
	const char *own = folder_from_options(arena);

	return own ? arena_printf(arena, "%s, /dev/shm/sockaudit-%u or /tmp/sockaudit-%u", own,
				  getuid(), getuid())
		   : arena_printf(arena, "/dev/shm/sockaudit-%u or /tmp/sockaudit-%u", getuid(),
				  getuid());
}
