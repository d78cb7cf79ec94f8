/* SPDX-License-Identifier: MIT */
/* Quoting the program's source, where it is certain to be source and the reader's own. */
#ifndef SOURCE_LINE_H
#define SOURCE_LINE_H

#include <stddef.h>

/* A file that lines were asked of: of ten thousand findings, most quote the one before. */
struct source_file {
	char *name;	/* as asked for; NULL: none yet */
	char *text;	/* NULL: it must not be quoted */
	size_t *starts; /* where each line starts, and one behind the last one's end */
	size_t line_count;
};

struct source_roots {
	char **paths; /* resolved, NULL-terminated */
	struct source_file files[4];
	unsigned next_file; /* the one to forget next */
};

/* The given roots (NULL-terminated), or when none is given (NULL or empty) the git top-level above
 * the working folder, or that folder. 0 or -ENOMEM.
 */
int source_roots_find(struct source_roots *roots, const char *const *given);
void source_roots_free(struct source_roots *roots);

/* Line `number` of `file`, malloc'd, without its end; NULL unless it is a regular source file that
 * stands, all links resolved, below one of the roots. */
char *source_line(struct source_roots *roots, const char *file, unsigned number);

/* `file` from its root on ("src/client.c") when it stands below one, by name alone; else `file`. */
const char *source_relative(const struct source_roots *roots, const char *file);

#endif
