/* SPDX-License-Identifier: MIT */
/*
 * Quoting the program's source. The file's name comes from the program, and the report may be read
 * by others than the one who made it: a name that leads to /etc/shadow or a key must never have its
 * lines printed. So: regular files below a root after all links are resolved, nothing hidden,
 * nothing that isn't called as source is.
 */
#include "source_line.h"
#include "regular_file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LIMIT 4096 /* generated code has longer ones; nobody reads them */
#define FILE_LIMIT (16 << 20)

static const char *const source_endings[] = {
	"c",	"h",	 "cc",	"cpp", "cxx", "C",   "hh",  "hpp", "hxx", "H",	 "inl",
	"inc",	"ipp",	 "tcc", "def", "i",   "ii",  "S",   "s",   "y",	  "l",	 "rs",
	"go",	"zig",	 "d",	"nim", "m",   "mm",  "f",   "f90", "adb", "ads", "pas",
	"vala", "swift", "cr",	"cu",  "cuh", "c++", "h++", "re",  "rl",
};

static char *git_top(const char *from)
{
	char path[PATH_MAX + 8];
	size_t length = strlen(from);
	if (length >= PATH_MAX)
		return NULL;
	memcpy(path, from, length + 1);
	while (length > 1) {
		struct stat status;
		strcpy(path + length, "/.git");
		bool found = !stat(path, &status);
		path[length] = '\0';
		if (found)
			return strdup(path);
		while (length && path[length - 1] != '/')
			length--;
		while (length && path[length - 1] == '/')
			length--;
		path[length] = '\0';
	}
	return NULL;
}

static char *default_root(void)
{
	char *folder = getcwd(NULL, 0);
	/* The whole system is nobody's source. */
	if (!folder || folder[0] != '/' || !folder[1]) {
		free(folder);
		return NULL;
	}
	char *top = git_top(folder);
	if (!top)
		return folder;
	free(folder);
	return top;
}

int source_roots_find(struct source_roots *roots, const char *const *given)
{
	size_t count = 0, filled = 0;
	while (given && given[count])
		count++;
	char **paths = calloc(count + 2, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		paths[filled] = realpath(given[i], NULL);
		filled += paths[filled] != NULL;
	}
	if (!count)
		paths[0] = default_root();
	roots->paths = paths;
	return 0;
}

void source_roots_free(struct source_roots *roots)
{
	for (char **path = roots->paths; path && *path; path++)
		free(*path);
	free(roots->paths);
	roots->paths = NULL;
}

/* What follows the root in the path; NULL when it isn't below. */
static const char *below(const char *root, const char *path)
{
	size_t length = strlen(root);
	if (length == 1) /* "/", asked for by name */
		return path[0] == '/' ? path + 1 : NULL;
	return !strncmp(path, root, length) && path[length] == '/' ? path + length + 1 : NULL;
}

const char *source_relative(const struct source_roots *roots, const char *file)
{
	for (char **root = roots->paths; *root; root++) {
		const char *rest = below(*root, file);
		if (rest && *rest)
			return rest;
	}
	return file;
}

static bool named_as_source(const char *rest)
{
	if (rest[0] == '.' || strstr(rest, "/."))
		return false;
	const char *dot = strrchr(rest, '.');
	for (size_t i = 0; dot && i < sizeof(source_endings) / sizeof(*source_endings); i++) {
		if (!strcmp(dot + 1, source_endings[i]))
			return true;
	}
	return false;
}

/* The descriptor's own path, so that what was checked is what is read. */
static bool may_quote(const struct source_roots *roots, int fd)
{
	char name[32], path[PATH_MAX];
	struct stat status;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	ssize_t length = readlink(name, path, sizeof(path) - 1);
	if (length <= 0 || fstat(fd, &status) || status.st_size > FILE_LIMIT)
		return false;
	path[length] = '\0';
	for (char **root = roots->paths; *root; root++) {
		const char *rest = below(*root, path);
		if (rest && named_as_source(rest))
			return true;
	}
	return false;
}

static char *read_line(int fd, unsigned number)
{
	FILE *file = fdopen(fd, "r");
	char *line = NULL, *result = NULL;
	size_t size = 0;
	ssize_t length = -1;
	if (!file) {
		close(fd);
		return NULL;
	}
	for (unsigned i = 0; i < number; i++) {
		length = getline(&line, &size, file);
		if (length < 0)
			break;
	}
	fclose(file);
	if (length >= 0 && length < LINE_LIMIT && !memchr(line, '\0', (size_t)length)) {
		line[strcspn(line, "\r\n")] = '\0';
		result = line;
		line = NULL;
	}
	free(line);
	return result;
}

char *source_line(const struct source_roots *roots, const char *file, unsigned number)
{
	if (!file || !number)
		return NULL;
	for (char **root = roots->paths; *root; root++) {
		/* Built with -ffile-prefix-map, names are relative to the root. */
		char *path = NULL;
		if (file[0] != '/' && asprintf(&path, "%s/%s", *root, file) < 0)
			return NULL;
		int fd = regular_file_open("", path ? path : file);
		free(path);
		if (fd < 0)
			continue;
		if (may_quote(roots, fd))
			return read_line(fd, number);
		close(fd);
	}
	return NULL;
}
