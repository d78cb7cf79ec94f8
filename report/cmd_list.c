/* SPDX-License-Identifier: MIT */
/* sockaudit list: which ledgers there are. */
#include "command.h"

#include "escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *state_of(const struct member *member)
{
	if (member->unaudited)
		return "unaudited";
	if (member->superseded || (member->ledger_state == LEDGER_EXEC && !member->running))
		return "exec";
	if (member->running)
		return "running";
	if (member->ledger_state != LEDGER_RUNNING)
		return "exited";
	return member_may_hide(member) ? "unseen" : "killed";
}

static const char *started_text(uint64_t realtime_ns, char text[32])
{
	time_t seconds = (time_t)(realtime_ns / 1000000000u);
	struct tm parts;

	if (!realtime_ns || realtime_ns == UINT64_MAX || !localtime_r(&seconds, &parts) ||
	    !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &parts))
		strcpy(text, "-");
	return text;
}

static void member_print(const struct member *member)
{
	char started[32], books[48] = "-";
	/* comm and path came from a program: nothing of them may steer the terminal. */
	char *comm = escape_terminal(member->comm),
	     *path = escape_terminal(member->path ? member->path : "-");

	if (member->path)
		snprintf(books, sizeof(books), "%" PRIu64 "/%" PRIu64,
			 member->opened > member->closed ? member->opened - member->closed : 0,
			 member->opened);
	printf("%-8" PRIu32 " %-9s %-16s %-19s %13s  %s\n", member->pid, state_of(member),
	       comm ? comm : "?", started_text(member->started_realtime_ns, started), books,
	       path ? path : "?");
	free(comm);
	free(path);
}

int cmd_list(const struct options *options)
{
	struct members_settings settings = { .targets = options->targets,
					     .no_children = options->no_children,
					     .all = true };
	struct arena arena = { NULL };
	struct members members;
	int error = members_select(&arena, &settings, &members), status = EXIT_CLEAN;

	if (error) {
		fprintf(stderr, "sockaudit: %s\n", members.trouble);
		/* Without a target, an empty list is an answer too. */
		status = error == -ENOENT && !options->targets[0] ? EXIT_CLEAN : EXIT_TROUBLE;
	}
	if (!error)
		printf("%-8s %-9s %-16s %-19s %13s  %s\n", "PID", "STATE", "COMM", "STARTED",
		       "OPEN/OPENED", "LEDGER");
	for (size_t i = 0; !error && i < members.count; i++)
		if (!members.items[i].witness && (options->all || !members.items[i].superseded))
			member_print(&members.items[i]);
	/* Who reads the first lines only, as head does, misses nothing. */
	if ((fflush(stdout) || ferror(stdout)) && errno != EPIPE) {
		fprintf(stderr, "sockaudit: cannot write to the standard output: %s\n",
			strerror(errno));
		status = EXIT_TROUBLE;
	}
	arena_free(&arena);
	return status;
}
