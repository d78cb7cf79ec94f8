/* SPDX-License-Identifier: MIT */
/* Hostile text for documents with markup; see escape_markup.h. */
#include "escape_markup.h"

#include "escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 8 /* bytes that one byte can become: "&quot;", "&#124;" */

static const char replacement[] = "\xef\xbf\xbd";

static bool in_xml(uint32_t code)
{
	return code == '\t' || code == '\n' || code == '\r' ||
	       (code >= 0x20 && code != 0xfffe && code != 0xffff && (code < 0x7f || code > 0x9f));
}

static const char *entity(uint32_t code)
{
	switch (code) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	}
	return NULL;
}

static char *xml(struct arena *arena, const char *text, bool lines)
{
	char *made = arena_alloc(arena, strlen(text) * LONGEST + 1), *to = made;

	while (*text) {
		uint32_t code = 0;
		size_t length = escape_decode(text, &code);
		const char *known = length && !(lines && code == '\n') ? entity(code) : NULL;
		if (known)
			to = stpcpy(to, known);
		else if (length && in_xml(code))
			to = mempcpy(to, text, length);
		else
			to = stpcpy(to, replacement);
		text += length ? length : 1;
	}
	*to = '\0';
	return made;
}

char *escape_xml(struct arena *arena, const char *text)
{
	return xml(arena, text, false);
}

char *escape_xml_lines(struct arena *arena, const char *text)
{
	return xml(arena, text, true);
}

char *escape_markdown(struct arena *arena, const char *text)
{
	char *made = arena_alloc(arena, strlen(text) * LONGEST + 1), *to = made;

	while (*text) {
		uint32_t code = 0;
		size_t length = escape_decode(text, &code);
		if (!length || (code >= 0x80 && !in_xml(code)))
			to = stpcpy(to, replacement);
		else if (code >= 0x80)
			to = mempcpy(to, text, length);
		else if (isalnum((int)code) || code == ' ')
			*to++ = (char)code;
		else if (code < ' ' || code == 0x7f)
			*to++ = ' ';
		else
			to += sprintf(to, "&#%u;", (unsigned)code);
		text += length ? length : 1;
	}
	*to = '\0';
	return made;
}
