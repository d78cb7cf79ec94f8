/* SPDX-License-Identifier: MIT */
/* The commands. To add one: a cmd_*.c with its function, a line in main.c's table, its options in
 * options.c. */
#ifndef COMMAND_H
#define COMMAND_H

#include "options.h"

/* run leaves the numbers below 125 to its command. */
enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_TROUBLE = 2, EXIT_RUN_TROUBLE = 125 };

struct command {
	const char *name;
	enum command_id id;
	const char *arguments; /* "[PID|LEDGER|FOLDER]..." */
	const char *line;      /* one line for --help */
	const char *more;      /* what else --help says */
	int (*run)(const struct options *options);
};

int cmd_report(const struct options *options);
int cmd_check(const struct options *options);
int cmd_run(const struct options *options);
int cmd_diff(const struct options *options);
int cmd_list(const struct options *options);
int cmd_clean(const struct options *options);
int cmd_states(const struct options *options);
/* What states --help ends with. */
void states_notes(FILE *out);
int cmd_watch(const struct options *options);

#endif
