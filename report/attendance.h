/* SPDX-License-Identifier: MIT */
/*
 * Who came and who did not, of the programs that a run started: the library writes a record when it
 * is loaded, and before a program is started (preload/attendance.h). Who was started and never came
 * has no auditor.
 */
#ifndef ATTENDANCE_H
#define ATTENDANCE_H

#include "arena.h"
#include <stdbool.h>
#include <stdint.h>

struct absent {
	uint32_t pid;	    /* of the first; 0 unknown */
	const char *path;   /* of the program's file; not found: the name that it was called by */
	const char *reason; /* why the library is not in it */
	uint64_t count;	    /* processes */
	bool is_command;    /* the run's own */
};

struct attendance_parent {
	uint32_t pid, ppid;
};

struct attendance {
	uint64_t present; /* programs that loaded the library */
	struct absent *absent;
	size_t absent_count;
	struct attendance_parent *parents;
	size_t parent_count;
};

/* `command` was started as process `pid`. 0, or -errno when the records can't be read. */
int attendance_read(struct arena *arena, const char *path, uint32_t pid, const char *command,
		    struct attendance *attendance);

#endif
