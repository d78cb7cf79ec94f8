/* SPDX-License-Identifier: MIT */
/* The same report in other words: files by --path-map, secrets by --redact. One place, before any
 * renderer, so that no format can forget. */
#ifndef REWRITE_H
#define REWRITE_H

#include "model.h"
#include "path_map.h"
#include "source_line.h"

struct rewriting {
	const struct path_map *maps; /* ended by one without `from`; NULL: none */
	bool redact;
	const struct source_roots
		*roots; /* what is below stays known as such when it is redacted */
};

/* A copy that shares what doesn't change; memory is the arena's, and `report` must live as long. */
struct report *report_rewrite(struct arena *arena, const struct report *report,
			      const struct rewriting *rewriting);

#endif
