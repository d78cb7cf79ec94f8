/* SPDX-License-Identifier: MIT */
#include "text_marks.h"

#include "hash.h"

#include <string.h>

/* So many by name; a report is read by people. */
#define NAMES_SHOWN 8

struct name {
	const char *text;
	UT_hash_handle hh;
};

struct names {
	struct text *text;
	struct name *known;
	const char **items;
	size_t count, room;
};

static void name_add(struct names *names, const char *text)
{
	struct name *found;

	HASH_FIND(hh, names->known, text, strlen(text), found);
	if (found)
		return;
	found = arena_alloc(&names->text->arena, sizeof(*found));
	found->text = text;
	HASH_ADD_KEYPTR(hh, names->known, found->text, strlen(found->text), found);
	names->items = arena_more(&names->text->arena, names->items, names->count, &names->room,
				  sizeof(*names->items));
	names->items[names->count++] = text;
}

size_t text_marks(struct text *text, const struct finding *const *findings, size_t count,
		  const char ***list, bool *without)
{
	struct names names = { .text = text };

	*without = false;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < findings[i]->socket_count; j++) {
			const struct socket_row *row = &findings[i]->sockets[j];
			const char *name =
				row->mark_evidence ? row->mark_evidence : row->mark_opened;
			if (name)
				name_add(&names, name);
			else
				*without = true;
		}
	}
	HASH_CLEAR(hh, names.known);
	*list = names.items;
	return names.count;
}

static char *enumeration(struct text *text, const char *const *names, size_t count)
{
	char *words = "";

	for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
		words = text_make(text, "%s%s%s", words, i ? ", " : "", text_safe(text, names[i]));
	if (count > NAMES_SHOWN)
		words = text_make(text, "%s and %s more", words,
				  text_number(text, count - NAMES_SHOWN));
	return words;
}

/* Whether no socket was opened in one test and left in another. */
static bool each_in_one(const struct finding *finding)
{
	for (size_t i = 0; i < finding->socket_count; i++) {
		const char *opened = finding->sockets[i].mark_opened,
			   *leaked = finding->sockets[i].mark_evidence;
		if (!opened != !leaked || (opened && strcmp(opened, leaked)))
			return false;
	}
	return true;
}

void text_marks_tell(struct text *text, const struct finding *finding)
{
	const char *opened = finding->mark_opened, *leaked = finding->mark_evidence, **names;
	bool without;
	size_t count = text_marks(text, &finding, 1, &names, &without);

	if (!opened && !leaked)
		return;
	if (each_in_one(finding))
		text_words(text, count > 1 ? "tests" : "test", enumeration(text, names, count));
	else if (count <= 1)
		text_words(text, "test",
			   text_make(text, "opened in %s, left in %s",
				     opened ? text_safe(text, opened) : "none",
				     leaked ? text_safe(text, leaked) : "none"));
	else
		text_words(text, "tests",
			   text_make(text, "left in %s; opened in %s, most of them",
				     enumeration(text, names, count),
				     opened ? text_safe(text, opened) : "none"));
}
