/* SPDX-License-Identifier: MIT */
/* Making hostile text harmless. */
#include "escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span {
	uint32_t first, last;
};

/* Invisible, or able to reorder what stands around them (CVE-2021-42574). */
static const struct span unsafe[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	      { 0x61c, 0x61c },
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
};
/* Two columns wide in every terminal. */
static const struct span wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf }, { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool among(uint32_t code, const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= spans[i].first && code <= spans[i].last)
			return true;
	}
	return false;
}

size_t escape_decode(const char *text, uint32_t *code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = bytes[0] < 0x80	      ? 1
			: bytes[0] >> 5 == 6  ? 2
			: bytes[0] >> 4 == 14 ? 3
			: bytes[0] >> 3 == 30 ? 4
					      : 0;
	if (!length || !bytes[0])
		return 0;
	uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		/* Also stops at the end of the text. */
		if (bytes[i] >> 6 != 2)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return length;
}

static int escaped(char *to, size_t size, uint32_t code)
{
	switch (code) {
	case '\n':
		return snprintf(to, size, "\\n");
	case '\t':
		return snprintf(to, size, "\\t");
	case '\r':
		return snprintf(to, size, "\\r");
	default:
		return code < 0x80 ? snprintf(to, size, "\\x%02x", (unsigned)code)
				   : snprintf(to, size, "\\u{%x}", (unsigned)code);
	}
}

#define ESCAPE_LONGEST 12 /* bytes that one byte of text can become */

char *escape_terminal(const char *text)
{
	size_t size = strlen(text) * ESCAPE_LONGEST + 1;
	char *result = malloc(size), *to = result;
	if (!result)
		return NULL;
	while (*text) {
		uint32_t code = 0;
		size_t length = escape_decode(text, &code);
		size_t room = size - (size_t)(to - result);
		if (!length) {
			to += snprintf(to, room, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		if (among(code, unsafe, sizeof(unsafe) / sizeof(*unsafe))) {
			to += escaped(to, room, code);
		} else {
			memcpy(to, text, length);
			to += length;
		}
		text += length;
	}
	*to = '\0';
	return result;
}

char *escape_utf8(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *result = malloc(strlen(text) * (sizeof(replacement) - 1) + 1), *to = result;
	if (!result)
		return NULL;
	while (*text) {
		uint32_t code;
		size_t length = escape_decode(text, &code);
		if (length) {
			to = mempcpy(to, text, length);
			text += length;
		} else {
			to = mempcpy(to, replacement, sizeof(replacement) - 1);
			text++;
		}
	}
	*to = '\0';
	return result;
}

static unsigned code_columns(uint32_t code)
{
	return among(code, wide, sizeof(wide) / sizeof(*wide)) ? 2 : 1;
}

unsigned escape_columns(const char *text)
{
	unsigned columns = 0;
	uint32_t code;
	size_t length;
	for (; (length = escape_decode(text, &code)); text += length)
		columns += code_columns(code);
	return columns;
}

void escape_cut(char *text, unsigned columns)
{
	if (escape_columns(text) <= columns)
		return;
	unsigned dots = columns < 3 ? columns : 3, used = 0;
	char *end = text;
	uint32_t code;
	size_t length;
	while ((length = escape_decode(end, &code)) &&
	       used + code_columns(code) + dots <= columns) {
		used += code_columns(code);
		end += length;
	}
	/* Longer text stood here, so there is room: what is cut away is at least as many bytes. */
	memcpy(end, "...", dots);
	end[dots] = '\0';
}
