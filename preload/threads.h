/* SPDX-License-Identifier: MIT */
/*
 * Which thread used a socket last: a number beside the direction of its last byte, so that the data
 * path compares both at once and stores neither while they stay the same. Two instructions, no
 * system call.
 */
#ifndef THREADS_H
#define THREADS_H

#include "ledger_file.h"
#include <string.h>
#include <sys/types.h>

/* As in ledger_slot.direction. */
enum { DIRECTION_NONE, DIRECTION_RECEIVED, DIRECTION_SENT };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a mark is direction | thread << 8");

/* What a slot holds after this thread has received or sent. Two words of TLS. */
struct thread_marks {
	uint16_t received, sent;
	uint32_t serial; /* of the ledger that knows the thread by this number */
};
extern __thread struct thread_marks thread_marks __attribute__((visibility("hidden")));

static inline uint16_t thread_mark_of(const struct ledger_slot *slot)
{
	uint16_t mark;

	memcpy(&mark, &slot->direction, sizeof mark);
	return mark;
}

/* Another thread's turn: keeps who it is, and what thread_turn() does. Keeps errno. */
ssize_t thread_turns(struct ledger_slot *slot, uint8_t direction, ssize_t n);

/* `mine`: this thread's mark for that direction. Returns `n`, what the caller will return: nothing
 * then needs saving for the seldom case. */
static inline ssize_t thread_turn(struct ledger_slot *slot, uint8_t direction, uint16_t mine,
				  ssize_t n)
{
	uint16_t mark = thread_mark_of(slot);

	if (__builtin_expect(mark == mine, 1))
		return n;
	if (mine >> 8 && mark >> 8 == mine >> 8) {
		slot->exchanges += (uint8_t)mark != DIRECTION_NONE;
		slot->direction = direction;
		return n;
	}
	return thread_turns(slot, direction, n);
}

/* The number of this thread, which uses or opens a socket at that time; 0: it has none. Asks the
 * kernel at a thread's first use of a ledger. Never blocks, never allocates, keeps errno. */
uint8_t thread_number(uint64_t at);

#endif
