/* SPDX-License-Identifier: MIT */
#include "inherited.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit files;
static bool files_known;
static struct sigaction pipe_action;

void inherited_change(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* A reader that goes away is an error like any other, said and with its status. */
	sigaction(SIGPIPE, &ignore, &pipe_action);
	/* Every running process's ledger stays open while it is looked at. */
	files_known = !getrlimit(RLIMIT_NOFILE, &files);
	if (files_known) {
		struct rlimit most = { files.rlim_max, files.rlim_max };
		setrlimit(RLIMIT_NOFILE, &most);
	}
}

void inherited_restore(void)
{
	sigaction(SIGPIPE, &pipe_action, NULL);
	if (files_known)
		setrlimit(RLIMIT_NOFILE, &files);
}
