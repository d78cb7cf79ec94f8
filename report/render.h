/* SPDX-License-Identifier: MIT */
/* The output formats: each a function from a finished report to a stream. To add one: a render_*.c
 * and a line in the table of render.c. */
#ifndef RENDER_H
#define RENDER_H

#include "model.h"
#include <stdio.h>

struct render_settings {
	bool colour;
	bool reproducible;	   /* leave out times, pids, host */
	bool with_stacks;	   /* text: whole stacks rather than the places */
	const char *stacks_command; /* text: what shows whole stacks, for a "next" hint; NULL */
	const char **source_roots; /* NULL-terminated; lines of source are quoted only from regular
				      files below */
	unsigned width;		   /* text: columns, 100 by default */
	bool redacted; /* the report's names are tokens: add none of the machine's own */
};

struct renderer {
	const char *name; /* "json" */
	const char *line; /* for --help */
	/* 0 or -errno; the stream's own errors are the caller's to check (ferror). */
	int (*render)(const struct report *report, const struct render_settings *settings,
		      FILE *out);
};

/* By name; NULL when there is none. */
const struct renderer *renderer_find(const char *name);
/* All of them, ended by one whose name is NULL. */
extern const struct renderer renderers[];

#endif
