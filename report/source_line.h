/* SPDX-License-Identifier: MIT */
/* Quoting the program's source, where it is certain to be source and the reader's own. */
#ifndef SOURCE_LINE_H
#define SOURCE_LINE_H

struct source_roots {
	char **paths; /* resolved, NULL-terminated */
};

/* The given roots (NULL-terminated), or when none is given (NULL or empty) the git top-level above
 * the working folder, or that folder. 0 or -ENOMEM.
 */
int source_roots_find(struct source_roots *roots, const char *const *given);
void source_roots_free(struct source_roots *roots);

/* Line `number` of `file`, malloc'd, without its end; NULL unless it is a regular source file that
 * stands, all links resolved, below one of the roots. */
char *source_line(const struct source_roots *roots, const char *file, unsigned number);

/* `file` from its root on ("src/client.c") when it stands below one, by name alone; else `file`. */
const char *source_relative(const struct source_roots *roots, const char *file);

#endif
