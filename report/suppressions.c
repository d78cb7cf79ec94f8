/* SPDX-License-Identifier: MIT */
#include "suppressions.h"

#include "escape.h"
#include "ledger_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { KIND_LEAK, KIND_RULE, KIND_PEER, KIND_OPENED, KIND_EVIDENCE, KIND_COUNT };

static const char *const kinds[KIND_COUNT] = { "leak", "rule", "peer", "opened", "evidence" };

struct suppression {
	enum kind kind;
	const char *pattern, *line;
};

/* Of a file that somebody named by mistake, no more than this is taken in. */
#define FILE_MOST (1 << 20)

static const char *piece_find(const char *text, const char *piece, size_t length)
{
	return length ? memmem(text, strlen(text), piece, length) : text;
}

bool suppression_matches(const char *pattern, const char *text)
{
	bool fixed = *pattern == '^';

	if (!text)
		return false;
	pattern += fixed;
	/* Piece by piece between the stars, each as early as it can be: then the rest has the most
	 * room. */
	for (;;) {
		size_t length = strcspn(pattern, "*");
		bool last = !pattern[length];
		bool to_end = last && length && pattern[length - 1] == '$';
		size_t wanted = length - to_end;

		if (to_end) {
			size_t rest = strlen(text);
			return rest >= wanted && (!fixed || rest == wanted) &&
			       !memcmp(text + rest - wanted, pattern, wanted);
		}
		const char *found = fixed ? (strncmp(text, pattern, wanted) ? NULL : text)
					  : piece_find(text, pattern, wanted);
		if (!found || last)
			return found != NULL;
		text = found + wanted;
		pattern += length + 1;
		fixed = false;
	}
}

static int line_add(struct suppressions *suppressions, const char *name, size_t number, char *line,
		    const char **trouble)
{
	struct arena *arena = suppressions->arena;
	size_t size = strlen(line);

	while (size && (line[size - 1] == ' ' || line[size - 1] == '\t' || line[size - 1] == '\r'))
		line[--size] = 0;
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	const char *colon = strchr(line, ':');
	for (int kind = 0; colon && colon[1] && kind < KIND_COUNT; kind++) {
		size_t length = strlen(kinds[kind]);
		if (length != (size_t)(colon - line) || strncmp(line, kinds[kind], length))
			continue;
		suppressions->items = arena_more(arena, suppressions->items, suppressions->count,
						 &suppressions->room, sizeof(*suppressions->items));
		suppressions->items[suppressions->count++] = (struct suppression){
			.kind = (enum kind)kind, .pattern = colon + 1, .line = line
		};
		return 0;
	}
	*trouble = arena_printf(
		arena,
		"%s, line %zu: '%s' is no suppression; write KIND:PATTERN, with leak, rule, peer, "
		"opened or evidence, as in leak:^pool_grow$",
		name, number, line);
	return -EINVAL;
}

int suppressions_add(struct suppressions *suppressions, const char *name, const char *text,
		     const char **trouble)
{
	char *copy = arena_copy(suppressions->arena, text);

	for (size_t number = 1; copy; number++) {
		char *end = strchr(copy, '\n');
		if (end)
			*end = 0;
		int error = line_add(suppressions, name, number, copy, trouble);
		if (error)
			return error;
		copy = end ? end + 1 : NULL;
	}
	return 0;
}

int suppressions_read(struct suppressions *suppressions, const char *path, const char **trouble)
{
	struct arena *arena = suppressions->arena;
	struct stat file;
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &file)) {
		error = -errno;
	} else if (!S_ISREG(file.st_mode)) {
		error = -EINVAL;
	} else if (file.st_size > FILE_MOST) {
		error = -EFBIG;
	} else {
		char *text = arena_alloc(arena, (size_t)file.st_size + 1);
		ssize_t n = read(fd, text, (size_t)file.st_size);
		if (n < 0)
			error = -errno;
		else
			error = suppressions_add(suppressions,
						 arena_printf(arena, "suppressions '%s'", path),
						 text, trouble);
	}
	if (fd >= 0)
		close(fd);
	if (error && !*trouble)
		*trouble = arena_printf(arena, "cannot read suppressions '%s': %s", path,
					error == -EINVAL ? "not a regular file" : strerror(-error));
	return error;
}

/* Children bring the same as their parents. */
static bool is_read(const struct suppressions *suppressions, const char *name)
{
	for (size_t i = 0; i < suppressions->read_count; i++)
		if (!strcmp(suppressions->read[i], name))
			return true;
	return false;
}

static void read_note(struct suppressions *suppressions, const char *name)
{
	suppressions->read =
		arena_more(suppressions->arena, suppressions->read, suppressions->read_count,
			   &suppressions->read_room, sizeof(*suppressions->read));
	suppressions->read[suppressions->read_count++] = name;
}

int suppressions_of_ledger(struct suppressions *suppressions, const struct ledger *ledger,
			   const char **trouble)
{
	if (!ledger)
		return 0;
	const char *path = ledger_string(ledger, ledger->header.suppressions_file),
		   *text = ledger_string(ledger, ledger->header.suppressions_text);
	int error = 0;

	if (*path && !is_read(suppressions, path)) {
		read_note(suppressions, path);
		error = suppressions_read(suppressions, path, trouble);
	}
	if (!error && *text && !is_read(suppressions, text)) {
		read_note(suppressions, text);
		error = suppressions_add(suppressions, "__sockaudit_default_suppressions()", text,
					 trouble);
	}
	return error;
}

static bool stack_matches(const struct place *place, const char *pattern)
{
	for (size_t i = 0; place->call && i < place->stack->count; i++) {
		const struct frame *frame = &place->stack->frames[i];
		if (suppression_matches(pattern, frame->function) ||
		    suppression_matches(pattern, frame->file) ||
		    suppression_matches(pattern, frame->module))
			return true;
	}
	return false;
}

/* All of them: one that comes from elsewhere is a leak of its own. */
static bool peers_match(const struct finding *finding, const char *pattern)
{
	for (size_t i = 0; i < finding->socket_count; i++)
		if (!suppression_matches(pattern, finding->sockets[i].peer))
			return false;
	return finding->socket_count > 0;
}

static bool is_matched(const struct suppression *suppression, const struct finding *finding)
{
	const char *pattern = suppression->pattern;

	switch (suppression->kind) {
	case KIND_LEAK:
		return stack_matches(&finding->opened, pattern) ||
		       stack_matches(&finding->connected, pattern) ||
		       stack_matches(&finding->evidence, pattern) ||
		       stack_matches(&finding->closed, pattern) ||
		       stack_matches(&finding->fork, pattern);
	case KIND_RULE:
		return suppression_matches(pattern, rules[finding->rule].name);
	case KIND_PEER:
		return peers_match(finding, pattern);
	case KIND_OPENED:
		return stack_matches(&finding->opened, pattern);
	case KIND_EVIDENCE:
		return stack_matches(&finding->evidence, pattern);
	case KIND_COUNT:
		break;
	}
	return false;
}

void suppressions_apply(struct suppressions *suppressions, struct report *report)
{
	report->suppressions = arena_array(suppressions->arena, suppressions->count + 1,
					   sizeof(*report->suppressions));
	report->suppression_count = suppressions->count;
	for (size_t i = 0; i < suppressions->count; i++) {
		const struct suppression *suppression = &suppressions->items[i];
		struct suppression_use *use = &report->suppressions[i];
		use->line = suppression->line;
		for (size_t j = 0; j < report->finding_count; j++) {
			struct finding *finding = &report->findings[j];
			if (!is_matched(suppression, finding))
				continue;
			use->matches = true;
			/* The first that fits is the one that counts. */
			if (finding->status == STATUS_SUPPRESSED)
				continue;
			finding->status = STATUS_SUPPRESSED;
			finding->suppressed_by = suppression->line;
			use->used++;
			use->sockets += finding->count;
		}
	}
}

size_t suppressions_unused(const struct report *report)
{
	size_t count = 0;

	for (size_t i = 0; i < report->suppression_count; i++)
		count += !report->suppressions[i].matches;
	return count;
}

void suppressions_complain(const struct report *report)
{
	for (size_t i = 0; i < report->suppression_count; i++) {
		if (report->suppressions[i].matches)
			continue;
		char *line = escape_terminal(report->suppressions[i].line);
		fprintf(stderr, "sockaudit: the suppression '%s' matches nothing; remove it\n",
			line ? line : "?");
		free(line);
	}
}
