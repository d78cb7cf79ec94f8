/* SPDX-License-Identifier: MIT */
/* What is known of addresses, as bytes; see symbols_wire.h. */
#include "symbols_wire.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT     4096u
#define POSITION_LIMIT 512u

struct answer_header {
	uint32_t trouble, library, passing, count;
};

struct answer_position {
	uint64_t address;
	uint32_t line, inlined, tail_call, function_size, file_size,
		reserved; /* sizes: 0 unknown */
};

void wire_free(struct wire *wire)
{
	free(wire->bytes);
	*wire = (struct wire){ .bytes = NULL };
}

void *wire_more(struct wire *wire, size_t size)
{
	if (wire->bad)
		return NULL;
	if (size > wire->room - wire->size) {
		size_t room = 2 * wire->room > 1024 ? 2 * wire->room : 1024;
		if (room - wire->size < size)
			room = wire->size + size;
		unsigned char *larger = room >= size ? realloc(wire->bytes, room) : NULL;
		if (!larger) {
			wire->bad = true;
			return NULL;
		}
		wire->bytes = larger;
		wire->room = room;
	}
	wire->size += size;
	return wire->bytes + wire->size - size;
}

void wire_put(struct wire *wire, const void *bytes, size_t size)
{
	void *to = wire_more(wire, size);
	if (to && size)
		memcpy(to, bytes, size);
}

void wire_take(struct wire *wire, void *bytes, size_t size)
{
	if (wire->bad || size > wire->size - wire->at) {
		wire->bad = true;
		memset(bytes, 0, size);
		return;
	}
	memcpy(bytes, wire->bytes + wire->at, size);
	wire->at += size;
}

char *wire_take_text(struct wire *wire, size_t size)
{
	if (!size || wire->bad)
		return NULL;
	char *text = size <= wire->size - wire->at ? malloc(size + 1) : NULL;
	if (!text) {
		wire->bad = true;
		return NULL;
	}
	wire_take(wire, text, size);
	text[size] = '\0';
	return text;
}

static uint32_t text_size(const char *text)
{
	return text ? (uint32_t)strnlen(text, TEXT_LIMIT) : 0;
}

void wire_put_answer(struct wire *wire, const struct symbols_answer *answer)
{
	struct answer_header header = {
		.trouble = answer->trouble,
		.library = answer->library,
		.passing = answer->passing,
		.count =
			(uint32_t)(answer->count < POSITION_LIMIT ? answer->count : POSITION_LIMIT),
	};
	wire_put(wire, &header, sizeof(header));
	for (uint32_t i = 0; i < header.count; i++) {
		const struct position *position = &answer->positions[i];
		struct answer_position made = {
			.line = position->line,
			.address = position->address,
			.inlined = position->inlined,
			.tail_call = position->tail_call,
			.function_size = text_size(position->function),
			.file_size = text_size(position->file),
		};
		wire_put(wire, &made, sizeof(made));
		wire_put(wire, position->function, made.function_size);
		wire_put(wire, position->file, made.file_size);
	}
}

static char *take_text(struct wire *wire, uint32_t size)
{
	wire->bad |= size > TEXT_LIMIT;
	return wire_take_text(wire, size);
}

void wire_take_answer(struct wire *wire, struct symbols_answer *answer)
{
	struct answer_header header;
	wire_take(wire, &header, sizeof(header));
	wire->bad |= header.trouble >= OBJECT_TROUBLES || header.count > POSITION_LIMIT;
	*answer = (struct symbols_answer){ .trouble = OBJECT_DAMAGED };
	if (wire->bad)
		return;
	struct position *positions = calloc(header.count + 1, sizeof(*positions));
	wire->bad |= !positions;
	for (uint32_t i = 0; i < header.count && !wire->bad; i++) {
		struct answer_position taken;
		wire_take(wire, &taken, sizeof(taken));
		positions[i].line = taken.line;
		positions[i].address = taken.address;
		positions[i].inlined = taken.inlined;
		positions[i].tail_call = taken.tail_call;
		positions[i].function = take_text(wire, taken.function_size);
		positions[i].file = take_text(wire, taken.file_size);
	}
	if (wire->bad) {
		if (positions)
			positions_free(positions, header.count);
		return;
	}
	*answer = (struct symbols_answer){
		.trouble = header.trouble,
		.library = header.library,
		.passing = header.passing,
		.positions = positions,
		.count = header.count,
	};
}
