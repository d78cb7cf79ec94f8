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

/* The whole file, malloc'd; NULL on failure. Closes the descriptor. */
static char *read_file(int fd, size_t *size)
{
	FILE *file = fdopen(fd, "r");
	char *text = NULL;
	size_t room = 0;
	if (!file) {
		close(fd);
		return NULL;
	}
	*size = 0;
	while (*size <= FILE_LIMIT) {
		if (room < *size + 2) {
			room = room ? 2 * room : 65536;
			char *more = realloc(text, room);
			if (!more)
				break;
			text = more;
		}
		size_t got = fread(text + *size, 1, room - *size - 1, file);
		if (!got)
			break;
		*size += got;
	}
	fclose(file);
	return text;
}

/* A regular source file below a root, wherever that is; NULL when there is none. */
static char *read_quotable(const struct source_roots *roots, const char *name, size_t *size)
{
	for (char **root = roots->paths; *root; root++) {
		/* Built with -ffile-prefix-map, names are relative to the root. */
		char *path = NULL;
		if (name[0] != '/' && asprintf(&path, "%s/%s", *root, name) < 0)
			return NULL;
		int fd = regular_file_open("", path ? path : name);
		free(path);
		if (fd < 0)
			continue;
		if (may_quote(roots, fd))
			return read_file(fd, size);
		close(fd);
	}
	return NULL;
}

static void file_free(struct source_file *file)
{
	free(file->name);
	free(file->text);
	free(file->starts);
	*file = (struct source_file){ 0 };
}

static bool lines_find(struct source_file *file, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < size; i++)
		count += file->text[i] == '\n';
	file->starts = calloc(count + 2, sizeof(*file->starts));
	if (!file->starts)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (file->text[i] == '\n')
			file->starts[++file->line_count] = i + 1;
	}
	/* The last line may have no end. */
	if (file->starts[file->line_count] < size)
		file->starts[++file->line_count] = size;
	return true;
}

static const struct source_file *file_find(struct source_roots *roots, const char *name)
{
	const size_t count = sizeof(roots->files) / sizeof(*roots->files);
	size_t size = 0;
	for (size_t i = 0; i < count; i++) {
		if (roots->files[i].name && !strcmp(roots->files[i].name, name))
			return &roots->files[i];
	}
	struct source_file *file = &roots->files[roots->next_file++ % count];
	file_free(file);
	file->name = strdup(name);
	if (!file->name)
		return NULL;
	file->text = read_quotable(roots, name, &size);
	if (file->text && !lines_find(file, size)) {
		free(file->text);
		file->text = NULL;
	}
	return file;
}

char *source_line(struct source_roots *roots, const char *file, unsigned number)
{
	const struct source_file *found = file && number ? file_find(roots, file) : NULL;
	if (!found || !found->text || number > found->line_count)
		return NULL;
	const char *line = found->text + found->starts[number - 1];
	size_t length = found->starts[number] - found->starts[number - 1];
	if (length >= LINE_LIMIT || memchr(line, '\0', length))
		return NULL;
	char *copy = strndup(line, length);
	if (copy)
		copy[strcspn(copy, "\r\n")] = '\0';
	return copy;
}

void source_roots_free(struct source_roots *roots)
{
	for (char **path = roots->paths; path && *path; path++)
		free(*path);
	free(roots->paths);
	roots->paths = NULL;
	for (size_t i = 0; i < sizeof(roots->files) / sizeof(*roots->files); i++)
		file_free(&roots->files[i]);
}
