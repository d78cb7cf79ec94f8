/* SPDX-License-Identifier: MIT */
/* Text put together in a fixed buffer: what does not fit is cut, the end is always NUL. */
#ifndef TEXT_H
#define TEXT_H

#include "complain.h"
#include <string.h>

static inline void text_add(char *buffer, size_t room, const char *text)
{
	size_t length = strnlen(buffer, room - 1), size = strlen(text);

	if (size > room - 1 - length)
		size = room - 1 - length;
	memcpy(buffer + length, text, size);
	buffer[length + size] = 0;
}

static inline void text_add_number(char *buffer, size_t room, unsigned long long value)
{
	char digits[24];

	text_add(buffer, room, complain_number(digits, value));
}

static inline unsigned long long text_number(const char **text)
{
	unsigned long long value = 0;

	while (**text >= '0' && **text <= '9')
		value = value * 10 + (unsigned)(*(*text)++ - '0');
	return value;
}

#endif
