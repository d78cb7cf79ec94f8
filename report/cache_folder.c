/* SPDX-License-Identifier: MIT */
/* The cache's folder and files; see cache_folder.h. */
#include "cache_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SIZE_LIMIT (256ll << 20)
#define DAY	   (24 * 3600)
#define SUFFIX	   ".symbols"

/* Ours, and nobody else may write to it: root asked from a user's session must neither believe
 * what that user wrote nor leave files among his. */
static bool is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Opens a folder, ours, made if need be. Takes `above`, if it is a descriptor. */
static int step_into(int above, const char *name)
{
	struct stat status;

	if (above == -1)
		return -1;
	mkdirat(above, name, 0700);
	int folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0 && (fstat(folder, &status) || !is_ours(&status))) {
		close(folder);
		folder = -1;
	}
	if (above >= 0)
		close(above);
	return folder;
}

int cache_folder_open(const char *folder)
{
	const char *home = getenv("HOME"), *cache = getenv("XDG_CACHE_HOME");

	if (!folder || !strcmp(folder, "none"))
		return -1;
	if (*folder)
		return step_into(AT_FDCWD, folder);
	if (cache && cache[0] == '/')
		return step_into(step_into(AT_FDCWD, cache), "sockaudit");
	if (!home || home[0] != '/' || access(home, X_OK))
		return -1;
	return step_into(step_into(step_into(AT_FDCWD, home), ".cache"), "sockaudit");
}

void cache_folder_close(int folder)
{
	if (folder >= 0)
		close(folder);
}

bool cache_folder_is_good(const char *folder)
{
	int opened = *folder ? cache_folder_open(folder) : -1;

	cache_folder_close(opened);
	return opened >= 0 || !strcmp(folder, "none");
}

/* What ends so is a cache's and may be removed. */
static bool is_cached(const char *name)
{
	size_t length = strlen(name), suffix = strlen(SUFFIX);

	return length > suffix && !strcmp(name + length - suffix, SUFFIX);
}

bool cache_folder_read(int folder, const char *name, size_t limit, struct wire *file)
{
	char path[NAME_MAX + 1];
	struct stat status;
	size_t got = 0;

	if (snprintf(path, sizeof(path), "%s" SUFFIX, name) >= (int)sizeof(path))
		return false;
	int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool good = !fstat(fd, &status) && S_ISREG(status.st_mode) && is_ours(&status) &&
		    status.st_size > 0 && (uint64_t)status.st_size <= limit;
	size_t size = good ? (size_t)status.st_size : 0;
	unsigned char *bytes = good ? wire_more(file, size) : NULL;
	while (bytes && got < size) {
		ssize_t n = read(fd, bytes + got, size - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	/* What is in use is not old. */
	if (good && status.st_mtime < time(NULL) - DAY)
		futimens(fd, NULL);
	close(fd);
	return bytes && got == size;
}

static bool write_all(int fd, const struct wire *file)
{
	for (size_t written = 0; written < file->size;) {
		ssize_t n = write(fd, file->bytes + written, file->size - written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		written += (size_t)n;
	}
	return true;
}

void cache_folder_write(int folder, const char *name, const struct wire *file)
{
	char path[NAME_MAX + 1], made[NAME_MAX + 1];

	if (snprintf(path, sizeof(path), "%s" SUFFIX, name) >= (int)sizeof(path) ||
	    snprintf(made, sizeof(made), "%s.%d" SUFFIX, name, (int)getpid()) >= (int)sizeof(made))
		return;
	/* One that was left by a process of our number. */
	unlinkat(folder, made, 0);
	int fd = openat(folder, made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	bool good = write_all(fd, file);
	if (close(fd) || !good || renameat(folder, made, folder, path))
		unlinkat(folder, made, 0);
}

struct cached_file {
	char name[NAME_MAX + 1];
	long long size;
	time_t used;
};

static int by_use(const void *a, const void *b)
{
	const struct cached_file *left = a, *right = b;

	return left->used < right->used ? -1 : left->used > right->used;
}

/* NULL: there are none, or they can't be listed. */
static struct cached_file *files_list(int folder, size_t *count)
{
	struct cached_file *files = NULL;
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again >= 0 ? fdopendir(again) : NULL;
	size_t room = 0;

	*count = 0;
	if (!list && again >= 0)
		close(again);
	for (struct dirent *entry; list && (entry = readdir(list));) {
		struct stat status;
		if (!is_cached(entry->d_name) ||
		    fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(status.st_mode))
			continue;
		if (*count == room) {
			room = room ? 2 * room : 64;
			struct cached_file *more = reallocarray(files, room, sizeof(*files));
			if (!more)
				break;
			files = more;
		}
		struct cached_file *file = &files[(*count)++];
		snprintf(file->name, sizeof(file->name), "%s", entry->d_name);
		file->size = (long long)status.st_size;
		file->used = status.st_mtime;
	}
	if (list)
		closedir(list);
	return files;
}

void cache_folder_trim(int folder)
{
	size_t count;
	long long size = 0;
	struct cached_file *files = files_list(folder, &count);

	for (size_t i = 0; i < count; i++)
		size += files[i].size;
	if (count)
		qsort(files, count, sizeof(*files), by_use);
	for (size_t i = 0; i < count && size > SIZE_LIMIT; i++) {
		unlinkat(folder, files[i].name, 0);
		size -= files[i].size;
	}
	free(files);
}
