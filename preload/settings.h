/* SPDX-License-Identifier: MIT */
/* SOCKAUDIT_OPTIONS=key=value:key=value, read once at load. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <limits.h>
#include <stdbool.h>

struct settings {
	bool enabled; /* false: every hook is a jump to libc */
	bool summary; /* the line at exit */
	bool grace_given;
	unsigned grace_ms;
	unsigned frames;	     /* return addresses kept of a stack, 1 to LEDGER_FRAMES_MAX */
	unsigned keep;		     /* ended ledgers that stay */
	int exitcode;		     /* exit status when the summary is not clean; 0: leave it */
	char dir[PATH_MAX];	     /* "" is the default places */
	char log[PATH_MAX];	     /* "" is standard error */
	char suppressions[PATH_MAX]; /* a file for the reporter; "" none */
	char mark[256];		     /* the name of this process's test; "" none */
	char marks[PATH_MAX];	     /* the run's file for them; "" none */
	char attendance[PATH_MAX];   /* attendance.h; "" is not under `sockaudit run` */
};
extern struct settings settings;

/* Parses `text` (NULL is none) for a program called `program`. What is wrong is said, the rest
 * applies. */
void settings_read(const char *text, const char *program);

#endif
