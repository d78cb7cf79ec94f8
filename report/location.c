/* SPDX-License-Identifier: MIT */
/* Where a result stands; see location.h. */
#include "location.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

/* The kernel is asked once for each name: a thousand stacks share a dozen files. */
struct known_file {
	const char *name;     /* of the model, which outlives this */
	const char *relative; /* NULL: not below a root */
	UT_hash_handle hh;
};

struct locations {
	struct arena *arena;
	const struct source_roots *roots;
	struct known_file *files;
};

struct locations *locations_new(struct arena *arena, const struct source_roots *roots)
{
	struct locations *locations = arena_alloc(arena, sizeof(*locations));

	locations->arena = arena;
	locations->roots = roots;
	return locations;
}

void locations_free(struct locations *locations)
{
	HASH_CLEAR(hh, locations->files);
}

/* Without "//", "." and ".."; NULL when it leads above where it starts, or nowhere. */
static char *normalized(struct arena *arena, const char *path)
{
	char *made = arena_alloc(arena, strlen(path) + 2), *to = made;
	const bool absolute = *path == '/';

	if (absolute)
		*to++ = '/';
	const char *start = to;
	while (*path) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.') {
			if (to == start)
				return NULL;
			to--;
			while (to > start && to[-1] != '/')
				to--;
		} else if (length && !(length == 1 && *path == '.')) {
			to = mempcpy(to, path, length);
			*to++ = '/';
		}
		path += length;
	}
	if (to == start)
		return NULL;
	to[-1] = '\0';
	return made;
}

/* An absolute path from its root on; NULL when it isn't below one. */
static const char *below_root(const struct locations *locations, const char *path)
{
	const char *rest = path ? source_relative(locations->roots, path) : NULL;

	return rest && rest != path ? rest : NULL;
}

/* Where the file really is, if it is there; from its root on. */
static const char *really_below(const struct locations *locations, const char *path)
{
	char *real = realpath(path, NULL);
	const char *rest = below_root(locations, real);
	const char *kept = rest ? arena_copy(locations->arena, rest) : NULL;

	free(real);
	return kept;
}

static const char *find(const struct locations *locations, const char *file)
{
	const char *plain = normalized(locations->arena, file);

	if (!plain)
		return NULL;
	if (*plain == '/') {
		const char *rest = below_root(locations, plain);
		return rest ? rest : really_below(locations, file);
	}
	for (char **root = locations->roots->paths; *root; root++) {
		const char *rest = really_below(
			locations, arena_printf(locations->arena, "%s/%s", *root, plain));
		if (rest)
			return rest;
	}
	return NULL;
}

const char *location_in_source(struct locations *locations, const struct frame *frame)
{
	struct known_file *known;

	if (!frame->file || !*frame->file)
		return NULL;
	if (frame->below_root)
		return normalized(locations->arena, frame->file);
	HASH_FIND_STR(locations->files, frame->file, known);
	if (!known) {
		known = arena_alloc(locations->arena, sizeof(*known));
		known->name = frame->file;
		known->relative = find(locations, frame->file);
		HASH_ADD_KEYPTR(hh, locations->files, known->name, strlen(known->name), known);
	}
	return known->relative;
}

/* The first frame of the place that stands in the source. */
static bool place_locate(struct locations *locations, const struct stack *stack,
			 struct location *location)
{
	for (size_t i = 0; stack && i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];
		const char *file = location_in_source(locations, frame);
		if (!file)
			continue;
		*location = (struct location){ file, frame->line ? frame->line : 1, frame, true };
		return true;
	}
	return false;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

/* What the program is called that it was found in. */
static const char *program_name(const struct report *report, const struct finding *finding)
{
	for (size_t i = 0; finding->socket_count && i < report->process_count; i++) {
		const struct process *process = &report->processes[i];
		if (process->pid != finding->sockets[0].pid)
			continue;
		if (process->exe && *process->exe)
			return last_part(process->exe);
		if (process->comm && *process->comm)
			return process->comm;
	}
	return "unknown";
}

struct location location_of(struct locations *locations, const struct report *report,
			    const struct finding *finding)
{
	struct location location = { .line = 1, .frame = finding_site(finding) };
	const struct stack *site = finding_site_stack(finding);

	if (place_locate(locations, site, &location))
		return location;
	if (finding->opened.call && finding->opened.stack != site &&
	    place_locate(locations, finding->opened.stack, &location))
		return location;
	const char *module = location.frame ? location.frame->module : NULL;
	location.file = module && *module ? last_part(module) : program_name(report, finding);
	return location;
}
