/* SPDX-License-Identifier: MIT */
/* The options of all commands, from one table: parsing, --help and suggestions expand from it. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "analysis.h"
#include "path_map.h"
#include <stdio.h>

enum command_id {
	FOR_REPORT = 1,
	FOR_CHECK = 2,
	FOR_LIST = 4,
	FOR_CLEAN = 8,
	FOR_STATES = 16,
	FOR_WATCH = 32,
	FOR_RUN = 64,
	FOR_DIFF = 128,
};

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct options {
	bool help, version;
	struct grace grace;
	const char *format; /* "text", "json:FILE,text" */
	const char *output; /* NULL: stdout */
	bool to_stderr;	    /* rather than to stdout */
	bool no_children, stacks, all, reproducible, dry_run;
	enum colour colour;
	const char **source_roots;  /* NULL-terminated */
	struct path_map *path_maps; /* ended by one without `from` */
	const char *symbol_cache;   /* a folder, "none"; "": the default */
	bool redact;
	const char *gate; /* NULL: the default */
	bool gated;	  /* --gate was given */
	bool gates[RULE_COUNT];
	/* states */
	const char *from, *by; /* NULL: not given */
	const char *watch;     /* seconds, as given; "" without; NULL: once */
	bool all_namespaces, explain;
	const char *explained;	   /* --explain=STATE; NULL: all, or the target */
	uint64_t most[RULE_COUNT]; /* --max */
	const char *keep;	   /* run: the ledgers' folder; "": a private one that stays */
	const char *library;	   /* run; NULL: found */
	const char **required;	   /* run: patterns; NULL-terminated */
	bool strict, update_baseline;
	const char **suppressions;	/* files; NULL-terminated */
	const char *baseline;		/* NULL: none */
	unsigned interval_ms, exitcode; /* run */
	bool sockets;			/* --sockets */
	const char *states;		/* of the sockets; NULL: all */
	const char **targets;		/* NULL-terminated; run: the command */
	const char *stacks_command;	/* what shows whole stacks, for the user to type */
};

/* Parses argv[1..]; memory is the arena's. On failure -EINVAL, and *trouble tells what to write
 * instead. */
int options_parse(struct arena *arena, enum command_id command, int argc, char **argv,
		  struct options *options, const char **trouble);
/* What report, check and run ask of an analysis alike; the targets are the caller's to set. */
void options_analysis(const struct options *options, struct analysis_settings *settings);
/* The command's options with their defaults, for --help. */
void options_help(enum command_id command, FILE *out);
/* A command's options in words, for the manual and for shells that complete; the arena's. */
struct option_words {
	const char *name, *argument, *line; /* argument: NULL: none */
	bool optional;			    /* the argument, and then behind a '=' */
};
size_t options_words(struct arena *arena, enum command_id command, struct option_words **words);
/* The candidate that was probably meant; NULL when none is near. `names` is NULL-terminated. */
const char *options_suggest(const char *wrong, const char *const *names);

#endif
