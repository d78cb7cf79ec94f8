/* SPDX-License-Identifier: MIT */
/* sockaudit: names the line of code that owes a close(). Here: which command. */
#include "command.h"

#include "describe.h"
#include "inherited.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef SOCKAUDIT_VERSION
#define SOCKAUDIT_VERSION "0"
#endif

static const struct command commands[] = {
	{ "report", FOR_REPORT, "[PID|LEDGER|FOLDER]...", "what leaks, and at which line of code",
	  "Without an argument: the newest family of processes of this user (root: of all). A PID "
	  "takes its\n"
	  "descendants along, a folder is all its ledgers.\n"
	  "Exit status: 0, or 2 when there is nothing to report on or something can't be read.\n",
	  cmd_report },
	{ "check", FOR_CHECK, "[PID|LEDGER|FOLDER]...", "the same as report, as a gate for scripts",
	  "Exit status: 0 clean, 1 findings that gate, 2 usage, input, output, or not audited.\n",
	  cmd_check },
	{ "run", FOR_RUN, "-- COMMAND [ARGUMENT]...",
	  "runs a command under the library, and reports",
	  "Its output, terminal, signals and exit status stay its own. The report goes to standard "
	  "error or --output.\n"
	  "Exit status: the command's own when it fails (or death by the same signal); else "
	  "--exitcode (23) when\n"
	  "--gate is given and hit, 2 when the gate could not be applied (the command was not "
	  "audited), 125 for\n"
	  "trouble of our own, 126 when the command can't be executed, 127 when it isn't there.\n",
	  cmd_run },
	{ "diff", FOR_DIFF, "BEFORE AFTER", "what came and what went between two reports",
	  "Each is a JSON report, or a PID, LEDGER or FOLDER as report takes it. Findings are "
	  "compared by their\n"
	  "fingerprints, which survive a rebuild.\n"
	  "Exit status: 0, or 2 when something can't be read.\n",
	  cmd_diff },
	{ "list", FOR_LIST, "[PID|LEDGER|FOLDER]...",
	  "the ledgers, of running and of ended processes",
	  "Without an argument: all of this user (root: of all users).\n"
	  "Exit status: 0, or 2 when something can't be read.\n",
	  cmd_list },
	{ "clean", FOR_CLEAN, "[FOLDER]...", "removes the ledgers of processes that have ended",
	  "Without an argument: the default folders. A ledger of a running process is never "
	  "touched.\n"
	  "Exit status: 0, or 2 when something can't be removed.\n",
	  cmd_clean },
	{ "states", FOR_STATES, "", "the kernel's TCP sockets by state, what is too many, and why",
	  "Counts all TCP sockets of this network namespace, also those in CLOSE, which no table "
	  "lists, and\n"
	  "says of each state that is too many whose fault it is and what helps.\n"
	  "Exit status: 0, or 2 when nothing can be read.\n",
	  cmd_states },
	{ "watch", FOR_WATCH, "PID|--all",
	  "a live view: the places that open sockets, and what becomes of them",
	  "Redrawn each second; q leaves. A PID takes its descendants along, and what it becomes "
	  "by "
	  "exec().\n"
	  "Keys: Up Down j k PgUp PgDn Home End move; Enter shows a place's findings, stacks and "
	  "sockets,\n"
	  "Esc goes back; e opens $EDITOR at the line; s sorts by the next column; r asks the "
	  "kernel "
	  "now;\n"
	  "? explains the columns. Needs a terminal. It only reads, and takes less than a fiftieth "
	  "of "
	  "a\n"
	  "processor: with many sockets it asks the kernel less often, and says how long ago.\n"
	  "Exit status: 0, or 2 when there is no such process or no terminal.\n",
	  cmd_watch },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static void memory_is_out(void)
{
	fputs("sockaudit: out of memory; report on fewer processes at once\n", stderr);
	_Exit(EXIT_TROUBLE);
}

static void usage(FILE *out)
{
	fputs("usage: sockaudit COMMAND [OPTION]... [ARGUMENT]...\n\n"
	      "Names the line of code that owes a close(), from the ledgers of programs that were "
	      "started with\n"
	      "LD_PRELOAD=libsockaudit.so and from the kernel's own view.\n\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].line);
	fputs("\n  sockaudit COMMAND --help   its options\n  sockaudit --version        the "
	      "version\n",
	      out);
}

static void command_help(const struct command *command)
{
	printf("usage: sockaudit %s [OPTION]... %s\n\n%s\n", command->name, command->arguments,
	       command->line);
	printf("\n%s\nOptions:\n", command->more);
	options_help(command->id, stdout);
	if (command->id == FOR_STATES)
		states_notes(stdout);
}

static int unknown_command(const char *name)
{
	const char *names[COMMAND_COUNT + 1];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	names[COMMAND_COUNT] = NULL;
	const char *meant = options_suggest(name, names);
	fprintf(stderr, "sockaudit: unknown %s '%s'; ", *name == '-' ? "option" : "command", name);
	if (meant)
		fprintf(stderr, "did you mean '%s'?\n", meant);
	else
		fprintf(stderr, "see sockaudit --help\n");
	return EXIT_TROUBLE;
}

/* How the user called us, and wants whole stacks. */
static const char *stacks_command(struct arena *arena, int argc, char **argv)
{
	char *line = "sockaudit";

	for (int i = 1; i < argc; i++)
		line = arena_printf(arena, "%s %s", line, argv[i]);
	return arena_printf(arena, "%s --stacks", line);
}

static int command_run(const struct command *command, int argc, char **argv)
{
	struct arena arena = { NULL };
	struct options options;
	const char *trouble;
	int status = EXIT_CLEAN;

	if (options_parse(&arena, command->id, argc - 1, argv + 1, &options, &trouble)) {
		fprintf(stderr, "sockaudit %s: %s\n", command->name, trouble);
		status = command->id == FOR_RUN ? EXIT_RUN_TROUBLE : EXIT_TROUBLE;
	} else if (options.help) {
		command_help(command);
	} else if (options.version) {
		printf("sockaudit %s\n", SOCKAUDIT_VERSION);
	} else {
		options.stacks_command = stacks_command(&arena, argc, argv);
		status = command->run(&options);
	}
	arena_free(&arena);
	return status;
}

int main(int argc, char **argv)
{
	arena_out_of_memory = memory_is_out;
	inherited_change();
	if (argc < 2) {
		usage(stderr);
		return EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_CLEAN;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("sockaudit %s\n", SOCKAUDIT_VERSION);
		return EXIT_CLEAN;
	}
	if (!strncmp(argv[1], "--describe=", strlen("--describe=")))
		return describe(commands, COMMAND_COUNT, argv[1] + strlen("--describe="))
			       ? EXIT_CLEAN
			       : EXIT_TROUBLE;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i].name))
			return command_run(&commands[i], argc, argv);
	return unknown_command(argv[1]);
}
