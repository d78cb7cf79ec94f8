/* SPDX-License-Identifier: MIT */
/* A file that a report is written to: whole or not at all. A regular file is written beside its
 * place and then moved there; a pipe, a terminal or /dev/full is written as it is. */
#ifndef OUTPUT_FILE_H
#define OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct output_file {
	FILE *stream;
	char *path;	 /* where it is to stand, links resolved */
	char *temporary; /* NULL: written in place */
};

/* Ready to be written, 0 or -errno. */
int output_file_open(struct output_file *file, const char *path);
/* All is written: flushed and checked, but not yet in its place. 0 or -errno. */
int output_file_finish(struct output_file *file);
/* Moves a finished file to its place. 0 or -errno. */
int output_file_commit(struct output_file *file);
/* Gives back what is left, and takes away what was not committed. */
void output_file_drop(struct output_file *file);

#endif
