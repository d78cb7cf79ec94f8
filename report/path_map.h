/* SPDX-License-Identifier: MIT */
/* --path-map FROM=TO: the names that files had where the program was built, as they are here. */
#ifndef PATH_MAP_H
#define PATH_MAP_H

#include "arena.h"
#include <stdbool.h>

struct path_map {
	const char *from; /* "/build"; NULL ends a list of them */
	const char *to;	  /* "/home/me/app", or "src": relative to the source root, "" itself */
};

/* "FROM=TO" taken apart; false: that it isn't. */
bool path_map_parse(struct arena *arena, const char *text, struct path_map *map);

/* The file's name by the longest FROM that it stands below, which it is itself when there is none.
 * *below_root is set when it became relative to the source root, else left alone. */
const char *path_map_apply(struct arena *arena, const struct path_map *maps, const char *file,
			   bool *below_root);

#endif
