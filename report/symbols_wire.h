/* SPDX-License-Identifier: MIT */
/* What is known of addresses, as bytes: between the reporter and its worker, and in the cache. */
#ifndef SYMBOLS_WIRE_H
#define SYMBOLS_WIRE_H

#include "object.h"

struct symbols_answer {
	enum object_trouble trouble;
	bool library;		    /* object_is_library */
	bool passing;		    /* object_is_passing */
	struct position *positions; /* positions_free */
	size_t count;
};

/* Bytes that are written at their end and read from `at` on. Zeroed at first; wire_free. Once bad,
 * memory was out or there was too little to read: nothing more is put, and what is taken is
 * zero. */
struct wire {
	unsigned char *bytes;
	size_t size, room, at;
	bool bad;
};

void wire_free(struct wire *wire);
/* Room for `size` more bytes at its end; NULL when it is bad. */
void *wire_more(struct wire *wire, size_t size);
void wire_put(struct wire *wire, const void *bytes, size_t size);
void wire_take(struct wire *wire, void *bytes, size_t size);
/* A malloc'd text of `size` bytes, terminated; NULL for 0 bytes and when it is bad. */
char *wire_take_text(struct wire *wire, size_t size);

/* As much of an answer as its reader takes. */
void wire_put_answer(struct wire *wire, const struct symbols_answer *answer);
/* Whoever wrote it may have written anything: lengths and counts are bounded here, and nothing else
 * of it is trusted. Without positions when the wire is bad. */
void wire_take_answer(struct wire *wire, struct symbols_answer *answer);

#endif
