/* SPDX-License-Identifier: MIT */
/*
 * $EDITOR at a line of source. The file's name came from the audited program: it is handed over as
 * one argument that starts with '/', never as words of a command line, and only if it is a regular
 * file.
 */
#include "watch_editor.h"

#include "regular_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_RUN 127

static const char *editor_name(void)
{
	const char *name = getenv("EDITOR");

	if (!name || !*name)
		name = getenv("VISUAL");
	return name && *name ? name : "vi";
}

bool editor_can_open(const struct frame *frame, const char **hint)
{
	if (!frame || !frame->file) {
		*hint = "no source is known for this place; build with -g, or install its debug "
			"information";
		return false;
	}
	int fd = frame->file[0] == '/' ? regular_file_open(NULL, frame->file) : -ENOENT;
	if (fd < 0) {
		*hint = "its source is not on this machine, or not to be read by you";
		return false;
	}
	close(fd);
	return true;
}

static void become(const struct frame *frame)
{
	const char *editor = editor_name();
	char line[24];

	snprintf(line, sizeof(line), "+%u", frame->line ? frame->line : 1);
	/* What we hold is no business of the editor's: ledgers, sockets of the kernel's answers. */
	close_range(3, ~0u, 0);
	/* "code --wait", as git takes it: the shell sees the user's own words, and the rest as
	 * "$@". */
	if (strpbrk(editor, " \t")) {
		char *command = malloc(strlen(editor) + sizeof(" \"$@\""));
		if (!command)
			_exit(NOT_RUN);
		sprintf(command, "%s \"$@\"", editor);
		execl("/bin/sh", "sh", "-c", command, editor, line, frame->file, (char *)NULL);
	} else {
		execlp(editor, editor, line, frame->file, (char *)NULL);
	}
	_exit(NOT_RUN);
}

const char *editor_run(const struct frame *frame)
{
	/* Ctrl-C in the editor is the editor's. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, normal = { .sa_handler = SIG_DFL };
	struct sigaction interrupt, quit;
	int status = 0;

	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid_t child = fork();
	if (!child) {
		static const int ours[] = { SIGINT,  SIGQUIT, SIGTERM, SIGHUP,
					    SIGPIPE, SIGTSTP, SIGWINCH };
		for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
			sigaction(ours[i], &normal, NULL);
		become(frame);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	if (child < 0)
		return "no process could be made for the editor";
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_RUN)
		return "the editor could not be run; set EDITOR to one that is installed";
	return NULL;
}
