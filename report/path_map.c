/* SPDX-License-Identifier: MIT */
/* --path-map; see path_map.h. */
#include "path_map.h"

#include <string.h>

/* Without slashes at its end, "/" becoming "". */
static const char *without_end(struct arena *arena, const char *text, size_t length)
{
	while (length && text[length - 1] == '/')
		length--;
	return arena_printf(arena, "%.*s", (int)length, text);
}

static const char *without_here(const char *path)
{
	while (path[0] == '.' && (!path[1] || path[1] == '/')) {
		path++;
		path += strspn(path, "/");
	}
	return path;
}

bool path_map_parse(struct arena *arena, const char *text, struct path_map *map)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return false;
	const char *to = equals + 1;
	map->from = without_end(arena, text, (size_t)(equals - text));
	/* "/" alone would else be the source root. */
	map->to = *to == '/' && !to[strspn(to, "/")]
			  ? "/"
			  : without_here(without_end(arena, to, strlen(to)));
	return true;
}

const char *path_map_apply(struct arena *arena, const struct path_map *maps, const char *file,
			   bool *below_root)
{
	const struct path_map *best = NULL;

	for (; maps && maps->from; maps++) {
		size_t length = strlen(maps->from);
		if (!strncmp(maps->from, file, length) && file[length] == '/' &&
		    (!best || length > strlen(best->from)))
			best = maps;
	}
	if (!best)
		return file;
	const char *rest = file + strlen(best->from);
	rest = without_here(rest + strspn(rest, "/"));
	if (*best->to != '/')
		*below_root = true;
	return *best->to ? arena_printf(arena, "%s%s%s", best->to, strcmp(best->to, "/") ? "/" : "",
					rest)
			 : rest;
}
