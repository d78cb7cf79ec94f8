/* SPDX-License-Identifier: MIT */
/*
 * Where a result stands for who reads it beside the source: a forge, a CI server, an editor. They
 * know files by their names below the top of the repository, and refuse a result without a file.
 */
#ifndef LOCATION_H
#define LOCATION_H

#include "arena.h"
#include "model.h"
#include "source_line.h"

struct location {
	const char *file;	   /* below the source root, else a module's name; never NULL */
	unsigned line;		   /* from 1 on */
	const struct frame *frame; /* NULL: nobody knows the place */
	bool in_source;
};

struct locations;

/* Memory is the arena's, the roots are the caller's and must live as long; locations_free() gives
 * back the rest. */
struct locations *locations_new(struct arena *arena, const struct source_roots *roots);
void locations_free(struct locations *locations);

/* The frame's file relative to its source root, without "." and ".."; NULL when it isn't below one.
 * What is below by name counts though it isn't there; a relative name counts if it is there, since
 * distributions build their packages with such names too. */
const char *location_in_source(struct locations *locations, const struct frame *frame);

/* The first frame, of the site's stack and then of where the socket was opened, whose file is below
 * a source root; else the site's module, line 1. */
struct location location_of(struct locations *locations, const struct report *report,
			    const struct finding *finding);

#endif
