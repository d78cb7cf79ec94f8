/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include "render.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct tables {
	const struct command *commands;
	size_t count;
	const struct command *command; /* of which something was asked; NULL: of none */
	struct arena arena;
};

static const char *const severities[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_NOTE] = "note",
};

/* Text of an mdoc page: nothing in it is a macro or an escape. */
static void mdoc_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == ' ' && text[-1] == '.')
			putchar('\n'); /* a sentence has a line of its own */
		else
			putchar(*text);
	}
	putchar('\n');
}

/* One argument of a macro: in quotes, so that no word of it is called. */
static const char *mdoc_quoted(struct arena *arena, const char *text)
{
	char *quoted = "";

	for (; *text; text++)
		quoted = *text == '"' ? arena_printf(arena, "%s\"\"", quoted)
				      : arena_printf(arena, "%s%c", quoted, *text);
	return arena_printf(arena, "\"%s\"", quoted);
}

static void describe_commands(struct tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		puts(tables->commands[i].name);
}

static void describe_summary(struct tables *tables)
{
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < tables->count; i++) {
		printf(".It Xr sockaudit-%s 1\n", tables->commands[i].name);
		mdoc_text(tables->commands[i].line);
	}
	puts(".El");
}

/* By name, as a manual wants it. */
static void describe_see_also(struct tables *tables)
{
	const char *last = "";

	if (tables->command)
		puts(".Xr sockaudit 1 ,");
	for (;;) {
		const char *next = NULL;
		for (size_t i = 0; i < tables->count; i++) {
			const char *name = tables->commands[i].name;
			if (strcmp(name, last) > 0 && (!next || strcmp(name, next) < 0))
				next = name;
		}
		if (!next)
			return;
		if (!tables->command || strcmp(next, tables->command->name))
			printf(".Xr sockaudit-%s 1 ,\n", next);
		last = next;
	}
}

static void describe_synopsis(struct tables *tables)
{
	const char *rest = tables->command->arguments;

	printf(".Nm sockaudit %s\n.Op Ar option ...\n", tables->command->name);
	while (*rest) {
		char *word = arena_printf(&tables->arena, "%.*s", (int)strcspn(rest, " "), rest);
		printf(strcmp(word, "--") ? ".Ar %s\n" : ".Fl -\n",
		       mdoc_quoted(&tables->arena, word));
		rest += strlen(word);
		rest += strspn(rest, " ");
	}
}

static void describe_options(struct tables *tables)
{
	struct option_words *words;
	size_t count = options_words(&tables->arena, tables->command->id, &words);

	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < count; i++) {
		const char *argument = words[i].argument;
		printf(".It Fl %s", words[i].name + 1);
		if (argument)
			printf(words[i].optional ? " Ns Oo Ns = Ns Ar %s Oc" : " Ar %s",
			       mdoc_quoted(&tables->arena, argument));
		putchar('\n');
		mdoc_text(words[i].line);
	}
	puts(".El");
}

static void describe_rules(struct tables *tables)
{
	(void)tables;
	puts(".Bl -tag -width Ds");
	for (int i = 0; i < RULE_COUNT; i++) {
		printf(".It Cm %s Pq %s\n", rules[i].name, severities[rules[i].severity]);
		mdoc_text(rules[i].line);
		puts(".br");
		mdoc_text(rules[i].help);
	}
	puts(".El");
}

static void describe_formats(struct tables *tables)
{
	(void)tables;
	puts(".Bl -tag -width Ds");
	for (const struct renderer *renderer = renderers; renderer->name; renderer++) {
		printf(".It Cm %s\n", renderer->name);
		mdoc_text(renderer->line);
	}
	puts(".El");
}

/* What may stand for an argument, by its name in the table; of a vocabulary only what the option's
 * own line names, since `states` knows fewer formats than `report`. */
static const struct argument_kind {
	const char *argument, *kind, *vocabulary;
} kinds[] = {
	{ "FILE", "file", NULL },
	{ "FOLDER", "folder", NULL },
	{ "RULE,...", "rules", NULL },
	{ "RULE=N", "rule", NULL },
	{ "NAME[:FILE],...", "formats", NULL },
	{ "NAME", "words", NULL },
	{ "WHEN", "words", "auto always never" },
	{ "WHAT", "words", "process local-port peer listener" },
	{ "STATE", "states", NULL },
	{ "STATE,...", "states", NULL },
};

static bool names_word(const char *line, const char *word, size_t length)
{
	for (const char *at = line; (at = strstr(at, word)); at++)
		if (!strncmp(at, word, length) && !isalnum((unsigned char)at[length]) &&
		    (at == line || !isalnum((unsigned char)at[-1])))
			return true;
	return false;
}

/* "KIND WORD..." of an option's argument. */
static const char *completion_of(struct arena *arena, const struct option_words *option)
{
	char *found = "";

	for (size_t i = 0; option->argument && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].argument, option->argument))
			continue;
		for (const char *word = kinds[i].vocabulary; word && *word;) {
			size_t length = strcspn(word, " ");
			char *one = arena_printf(arena, "%.*s", (int)length, word);
			if (names_word(option->line, one, length))
				found = arena_printf(arena, "%s %s", found, one);
			word += length + (word[length] == ' ');
		}
		/* A format has no kind of its own for its names: the table of formats. */
		for (const struct renderer *renderer = renderers;
		     !kinds[i].vocabulary && strstr(kinds[i].argument, "NAME") && renderer->name;
		     renderer++)
			if (names_word(option->line, renderer->name, strlen(renderer->name)))
				found = arena_printf(arena, "%s %s", found, renderer->name);
		return arena_printf(arena, "%s%s", kinds[i].kind, found);
	}
	return option->argument ? "any" : "";
}

/* Up to the first of its ends, without what a shell would read: a line of a menu. */
static const char *short_line(struct arena *arena, const char *line)
{
	size_t length = strcspn(line, ";(");
	char *text;

	while (length && line[length - 1] == ' ')
		length--;
	text = arena_printf(arena, "%.*s", (int)length, line);
	for (char *at = text; *at; at++)
		if (strchr("'\\[]:", *at))
			*at = *at == ':' ? ',' : ' ';
	return text;
}

static void shell_rules(void)
{
	printf("_sockaudit_rules='");
	for (int i = 0; i < RULE_COUNT; i++)
		printf("%s%s", i ? " " : "", rules[i].name);
	puts("'");
}

/* What a command is given, from how its usage calls it. */
static void shell_arguments(const struct tables *tables)
{
	static const struct {
		const char *word, *kinds;
	} known[] = {
		{ "PID", " pid" },	   { "LEDGER", " file" },
		{ "FOLDER", " folder" },   { "BEFORE", " pid file folder" },
		{ "COMMAND", " command" },
	};

	puts("_sockaudit_arguments()\n{\n\tcase $1 in");
	for (size_t i = 0; i < tables->count; i++) {
		printf("\t%s) echo '", tables->commands[i].name);
		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
			if (strstr(tables->commands[i].arguments, known[j].word))
				fputs(known[j].kinds, stdout);
		puts("' ;;");
	}
	puts("\tesac\n}");
}

/* Each option on a line "NAME=KIND WORD...", a '=' only where an argument follows. */
static void describe_bash(struct tables *tables)
{
	printf("_sockaudit_commands='");
	for (size_t i = 0; i < tables->count; i++)
		printf("%s%s", i ? " " : "", tables->commands[i].name);
	puts("'");
	shell_rules();
	shell_arguments(tables);
	puts("_sockaudit_options()\n{\n\tcase $1 in");
	for (size_t i = 0; i < tables->count; i++) {
		struct option_words *words;
		size_t count = options_words(&tables->arena, tables->commands[i].id, &words);
		printf("\t%s)\n\t\tcat <<'END'\n", tables->commands[i].name);
		for (size_t j = 0; j < count; j++)
			printf("%s%s%s%s\n", words[j].name, words[j].argument ? "=" : "",
			       words[j].optional ? "?" : "",
			       completion_of(&tables->arena, &words[j]));
		puts("END\n\t\t;;");
	}
	puts("\tesac\n}");
}

/* The same, as _arguments wants it. */
static void describe_zsh(struct tables *tables)
{
	puts("_sockaudit_commands=(");
	for (size_t i = 0; i < tables->count; i++)
		printf("\t'%s:%s'\n", tables->commands[i].name,
		       short_line(&tables->arena, tables->commands[i].line));
	puts(")");
	shell_rules();
	shell_arguments(tables);
	puts("_sockaudit_options() {\n\tcase $1 in");
	for (size_t i = 0; i < tables->count; i++) {
		struct option_words *words;
		size_t count = options_words(&tables->arena, tables->commands[i].id, &words);
		printf("\t%s)\n\t\treply=(\n", tables->commands[i].name);
		for (size_t j = 0; j < count; j++) {
			const char *line = short_line(&tables->arena, words[j].line);
			bool again = strstr(words[j].line, "may be repeated");
			printf("\t\t\t'%s%s%s[%s]", again ? "*" : "", words[j].name,
			       !words[j].argument  ? ""
			       : words[j].optional ? "=-"
						   : "=",
			       line);
			if (words[j].argument)
				printf("%s:%s:_sockaudit_value %s", words[j].optional ? ":" : "",
				       short_line(&tables->arena, words[j].argument),
				       completion_of(&tables->arena, &words[j]));
			puts("'");
		}
		puts("\t\t) ;;");
	}
	puts("\tesac\n}");
}

static const struct description {
	const char *name;
	bool of_command;
	void (*write)(struct tables *tables);
} descriptions[] = {
	{ "commands", false, describe_commands }, { "summary", false, describe_summary },
	{ "options", true, describe_options },	  { "synopsis", true, describe_synopsis },
	{ "see-also", false, describe_see_also }, { "rules", false, describe_rules },
	{ "formats", false, describe_formats },	  { "bash", false, describe_bash },
	{ "zsh", false, describe_zsh },
};

static const struct command *command_find(const struct tables *tables, const char *name)
{
	for (size_t i = 0; i < tables->count; i++)
		if (!strcmp(tables->commands[i].name, name))
			return &tables->commands[i];
	return NULL;
}

bool describe(const struct command *commands, size_t count, const char *what)
{
	struct tables tables = { .commands = commands, .count = count };
	size_t length = strcspn(what, ":");

	if (what[length])
		tables.command = command_find(&tables, what + length + 1);
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(*descriptions); i++) {
		const struct description *description = &descriptions[i];
		if (strlen(description->name) != length ||
		    strncmp(description->name, what, length) ||
		    (what[length] || description->of_command ? !tables.command : false))
			continue;
		description->write(&tables);
		arena_free(&tables.arena);
		return !fflush(stdout);
	}
	fprintf(stderr, "sockaudit: nothing to describe is called '%s'\n", what);
	return false;
}
