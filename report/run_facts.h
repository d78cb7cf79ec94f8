/* SPDX-License-Identifier: MIT */
/* What `sockaudit run` knows of its processes beside what they wrote themselves. */
#ifndef RUN_FACTS_H
#define RUN_FACTS_H

#include "attendance.h"
#include <sys/types.h>

struct samples;

struct run_facts {
	pid_t pid;	   /* of the command */
	int status;	   /* of waitpid() */
	uint64_t ended_at; /* cycles */
	const struct samples *samples;
	struct attendance attendance;
};

#endif
