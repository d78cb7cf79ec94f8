/* SPDX-License-Identifier: MIT */
#include "marks.h"

#include "hash.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ANCESTORS_MOST 64

struct mark {
	uint64_t at;
	const char *name;
};

/* The marks of one process; pid 0: of all. */
struct marker {
	UT_hash_handle hh;
	uint32_t pid, parent;
	bool has_ledger;  /* its own are in it, by the clock of its sockets */
	bool lacks_names; /* not with all their names */
	struct mark *items;
	size_t count, room;
};

struct marks {
	struct arena *arena;
	struct marker *markers;
	struct marker all, nobodys; /* nobody's: lines that name no process */
	bool of_file;		    /* lines are being read that a ledger may know better */
};

struct marks *marks_new(struct arena *arena)
{
	struct marks *marks = arena_alloc(arena, sizeof(*marks));

	marks->arena = arena;
	return marks;
}

static struct marker *marker_find(const struct marks *marks, uint32_t pid)
{
	struct marker *marker;

	HASH_FIND(hh, marks->markers, &pid, sizeof(pid), marker);
	return marker;
}

static struct marker *marker_of(struct marks *marks, uint32_t pid)
{
	struct marker *marker = marker_find(marks, pid);

	if (!marker) {
		marker = arena_alloc(marks->arena, sizeof(*marker));
		marker->pid = pid;
		HASH_ADD(hh, marks->markers, pid, sizeof(marker->pid), marker);
	}
	return marker;
}

static void marker_add(struct arena *arena, struct marker *marker, const struct mark *mark)
{
	marker->items = arena_more(arena, marker->items, marker->count, &marker->room,
				   sizeof(*marker->items));
	marker->items[marker->count++] = *mark;
}

/* The ledger's marks are the file's, too. Where it had no room for a name, all are the file's; what
 * is of the whole process has no time. */
static bool file_counts(struct marker *marker)
{
	size_t kept = 0;

	if (marker->has_ledger && marker->lacks_names) {
		for (size_t i = 0; i < marker->count; i++)
			if (!marker->items[i].at)
				marker->items[kept++] = marker->items[i];
		marker->count = kept;
		marker->has_ledger = marker->lacks_names = false;
	}
	return !marker->has_ledger;
}

void marks_add(struct marks *marks, uint64_t realtime_ns, uint32_t pid, const char *name)
{
	struct mark mark = { .at = realtime_ns, .name = arena_copy(marks->arena, name) };

	if (pid && (!marks->of_file || file_counts(marker_of(marks, pid)))) {
		marker_add(marks->arena, marker_of(marks, pid), &mark);
		marker_of(marks, pid)->has_ledger |= !marks->of_file;
	}
	if (!pid)
		marker_add(marks->arena, &marks->nobodys, &mark);
	marker_add(marks->arena, &marks->all, &mark);
}

void marks_lack_names(struct marks *marks, uint32_t pid)
{
	marker_of(marks, pid)->lacks_names = true;
}

void marks_add_process(struct marks *marks, uint32_t pid, const char *name)
{
	struct mark mark = { .at = 0, .name = arena_copy(marks->arena, name) };

	marker_add(marks->arena, marker_of(marks, pid), &mark);
}

void marks_add_parent(struct marks *marks, uint32_t pid, uint32_t parent)
{
	struct marker *marker = marker_of(marks, pid);

	/* The first that is told: later an orphan has another. */
	if (!marker->parent && parent != pid)
		marker->parent = parent;
}

/* "1700000000.25" in nanoseconds; NULL: it is no such time, else its end. */
static const char *time_parse(const char *text, uint64_t *ns)
{
	uint64_t value = 0, digits = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text) && value < UINT64_MAX / 20000000000u; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	value *= 1000000000u;
	if (*text == '.' || *text == ',')
		for (uint64_t unit = 100000000u; isdigit((unsigned char)*++text); unit /= 10)
			digits += unit * (uint64_t)(*text - '0');
	*ns = value + digits;
	return text;
}

static void line_take(struct marks *marks, char *line)
{
	char *name = strchr(line, '\t'), *end;
	uint64_t ns;

	line[strcspn(line, "\r\n")] = 0;
	name = name ? strchr(name + 1, '\t') : NULL;
	const char *after = time_parse(line, &ns);
	/* Lines without a time are given one by the run (run_marks.c). */
	if (!name || !after || *after != '\t')
		return;
	unsigned long pid = strtoul(after + 1, &end, 10);
	if (end == name && pid <= UINT32_MAX)
		marks_add(marks, ns, (uint32_t)pid, name + 1);
}

bool marks_read(struct marks *marks, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	marks->of_file = true;
	while (getline(&line, &size, file) >= 0)
		line_take(marks, line);
	marks->of_file = false;
	free(line);
	fclose(file);
	return true;
}

static int mark_compare(const void *a, const void *b)
{
	const struct mark *left = a, *right = b;

	return left->at < right->at ? -1 : left->at > right->at;
}

static void marker_sort(struct marker *marker)
{
	if (marker->count)
		qsort(marker->items, marker->count, sizeof(*marker->items), mark_compare);
}

void marks_finish(struct marks *marks)
{
	for (struct marker *marker = marks->markers; marker; marker = marker->hh.next)
		marker_sort(marker);
	marker_sort(&marks->all);
	marker_sort(&marks->nobodys);
}

/* How many were set until then. */
static size_t count_until(const struct marker *marker, uint64_t realtime_ns)
{
	size_t low = 0, high = marker->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (marker->items[middle].at <= realtime_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *name_at(const struct marker *marker, uint64_t realtime_ns)
{
	size_t count = count_until(marker, realtime_ns);
	const char *name = count ? marker->items[count - 1].name : "";

	return *name ? name : NULL;
}

const char *marks_at(const struct marks *marks, uint32_t pid, uint64_t realtime_ns)
{
	for (int i = 0; i < ANCESTORS_MOST && pid; i++) {
		const struct marker *marker = marker_find(marks, pid);
		if (!marker)
			break;
		/* Before its first mark, whoever started it was at work. */
		if (count_until(marker, realtime_ns))
			return name_at(marker, realtime_ns);
		pid = marker->parent;
	}
	return name_at(&marks->all, realtime_ns);
}

/* Whose marks decide over a process: of itself or its nearest ancestor that had set any by then;
 * without one, those that name no process. What a stranger marks says nothing of when this one is
 * late: the two may run beside each other, and then it is chance which comes first. */
static const struct marker *decisive(const struct marks *marks, uint32_t pid, uint64_t until_ns)
{
	for (int i = 0; i < ANCESTORS_MOST && pid; i++) {
		const struct marker *marker = marker_find(marks, pid);
		if (!marker)
			break;
		if (count_until(marker, until_ns))
			return marker;
		pid = marker->parent;
	}
	return &marks->nobodys;
}

uint64_t marks_last(const struct marks *marks, uint32_t pid, uint64_t until_ns)
{
	const struct marker *marker = decisive(marks, pid, until_ns);
	size_t count = count_until(marker, until_ns);

	return count ? marker->items[count - 1].at : 0;
}

bool marks_between(const struct marks *marks, uint32_t pid, uint64_t after_ns, uint64_t until_ns)
{
	const struct marker *marker = decisive(marks, pid, until_ns);

	return count_until(marker, until_ns) > count_until(marker, after_ns);
}

struct known_name {
	UT_hash_handle hh;
};

const char **marks_names(const struct marks *marks, size_t *count)
{
	const char **names = arena_array(marks->arena, marks->all.count + 1, sizeof(*names));
	struct known_name *known = NULL, *name;

	*count = 0;
	for (size_t i = 0; i < marks->all.count; i++) {
		const char *text = marks->all.items[i].name;
		if (!*text)
			continue;
		HASH_FIND_STR(known, text, name);
		if (name)
			continue;
		name = arena_alloc(marks->arena, sizeof(*name));
		HASH_ADD_KEYPTR(hh, known, text, strlen(text), name);
		names[(*count)++] = text;
	}
	HASH_CLEAR(hh, known);
	return names;
}

void marks_free(struct marks *marks)
{
	if (marks)
		HASH_CLEAR(hh, marks->markers);
}
