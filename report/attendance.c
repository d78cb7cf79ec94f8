/* SPDX-License-Identifier: MIT */
#include "attendance.h"

#include "hash.h"
#include "unaudited.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is known of one process number, in the order of the records. */
struct started {
	UT_hash_handle hh;
	uint32_t pid;
	const char *pending; /* a program that has not come; NULL */
	bool came;	     /* some program of it did */
	bool spawned;	     /* pending was written by its parent, perhaps after the child's own */
};

struct reading {
	struct arena *arena;
	struct attendance *attendance;
	struct started *processes;
	size_t absent_room, parent_room;
	uint32_t command;
};

static struct started *process_of(struct reading *reading, uint32_t pid)
{
	struct started *process;

	HASH_FIND(hh, reading->processes, &pid, sizeof(pid), process);
	if (!process) {
		process = arena_alloc(reading->arena, sizeof(*process));
		process->pid = pid;
		HASH_ADD(hh, reading->processes, pid, sizeof(process->pid), process);
	}
	return process;
}

/* As execvp() finds it. */
static const char *program_find(struct arena *arena, const char *name)
{
	const char *list = getenv("PATH");

	if (strchr(name, '/'))
		return name;
	for (list = list ? list : "/usr/bin:/bin"; *list; list += *list == ':') {
		size_t length = strcspn(list, ":");
		const char *path = arena_printf(arena, "%.*s/%s", (int)length, list, name);
		if (!access(path, X_OK))
			return path;
		list += length;
	}
	return name;
}

static void absent_add(struct reading *reading, uint32_t pid, const char *name, const char *reason)
{
	struct attendance *attendance = reading->attendance;
	const char *path = program_find(reading->arena, name);

	if (!reason)
		reason = unaudited_file_reason(path);
	for (size_t i = 0; i < attendance->absent_count; i++) {
		struct absent *known = &attendance->absent[i];
		if (!strcmp(known->path, path) && !strcmp(known->reason, reason)) {
			known->count++;
			known->is_command |= pid && pid == reading->command;
			return;
		}
	}
	attendance->absent =
		arena_more(reading->arena, attendance->absent, attendance->absent_count,
			   &reading->absent_room, sizeof(*attendance->absent));
	attendance->absent[attendance->absent_count++] =
		(struct absent){ .pid = pid,
				 .path = path,
				 .reason = reason,
				 .count = 1,
				 .is_command = pid && pid == reading->command };
}

static void pending_settle(struct reading *reading, struct started *process)
{
	if (process->pending && !(process->spawned && process->came))
		absent_add(reading, process->pid, process->pending, NULL);
	process->pending = NULL;
}

/* "ERRNO PATH" */
static void unrecorded_add(struct reading *reading, uint32_t pid, const char *text)
{
	char *name;
	unsigned long error = strtoul(text, &name, 10);

	if (*name != ' ' || error > INT_MAX)
		return;
	absent_add(reading, pid, name + 1,
		   arena_printf(reading->arena,
				"its ledger could not be made: %s; a folder with more room can be "
				"named with --keep=FOLDER",
				strerror((int)error)));
}

static void parent_add(struct reading *reading, uint32_t pid, uint32_t ppid)
{
	struct attendance *attendance = reading->attendance;

	attendance->parents =
		arena_more(reading->arena, attendance->parents, attendance->parent_count,
			   &reading->parent_room, sizeof(*attendance->parents));
	attendance->parents[attendance->parent_count++] = (struct attendance_parent){ pid, ppid };
}

static void record_take(struct reading *reading, const char *record)
{
	uint32_t pid;
	int at = 0;
	char kind;

	/* Another program may write there, too: what is no record is none. */
	if (sscanf(record, "%c %" SCNu32 " %n", &kind, &pid, &at) < 2 || !at)
		return;
	const char *path = record + at;
	if (kind == 'S' && !pid)
		return;
	struct started *process = process_of(reading, pid);
	switch (kind) {
	case 'L':
		reading->attendance->present++;
		process->came = true;
		process->pending = NULL;
		break;
	case 'E':
	case 'S':
		pending_settle(reading, process);
		process->pending = *path ? path : "a program given by its descriptor";
		process->spawned = kind == 'S';
		break;
	case 'F':
		process->pending = NULL;
		break;
	case 'N':
		unrecorded_add(reading, pid, path);
		break;
	case 'P':
		parent_add(reading, pid, (uint32_t)strtoul(path, NULL, 10));
		break;
	}
}

static int text_read(struct arena *arena, const char *path, char **text, size_t *size)
{
	struct stat file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), error = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &file))
		error = -errno;
	else if (!S_ISREG(file.st_mode) || file.st_size > INT_MAX)
		error = -EINVAL;
	*size = 0;
	*text = error ? NULL : arena_alloc(arena, (size_t)file.st_size + 1);
	while (!error && *size < (size_t)file.st_size) {
		ssize_t n = read(fd, *text + *size, (size_t)file.st_size - *size);
		if (n <= 0) {
			error = n < 0 ? -errno : 0;
			break;
		}
		*size += (size_t)n;
	}
	close(fd);
	return error;
}

int attendance_read(struct arena *arena, const char *path, uint32_t pid, const char *command,
		    struct attendance *attendance)
{
	struct reading reading = { .arena = arena, .attendance = attendance, .command = pid };
	char *text = NULL;
	size_t size = 0;

	*attendance = (struct attendance){ .present = 0 };
	int error = text_read(arena, path, &text, &size);
	if (error)
		return error;
	process_of(&reading, pid)->pending = command;
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		record_take(&reading, text + at);
	for (struct started *process = reading.processes; process; process = process->hh.next)
		pending_settle(&reading, process);
	HASH_CLEAR(hh, reading.processes);
	return 0;
}
