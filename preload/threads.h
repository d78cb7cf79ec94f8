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

/* As in ledger_slot.direction; unlike any of these: of a thread that has no number yet. */
enum { DIRECTION_NONE, DIRECTION_RECEIVED, DIRECTION_SENT, DIRECTION_NEW = 0x80 };

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

/* What differs between the two directions of one thread; less: the first byte. */
#define TURN (DIRECTION_RECEIVED ^ DIRECTION_SENT)

/* Another thread's turn: keeps who it is, and what thread_turn() does. Keeps errno. */
ssize_t thread_turns(struct ledger_slot *slot, uint8_t direction, ssize_t n);

/* `mine`: this thread's mark for that direction. Returns `n`, what the caller will return: nothing
 * then needs saving for the seldom case. */
static inline ssize_t thread_turn(struct ledger_slot *slot, uint8_t direction, uint16_t mine,
				  ssize_t n)
{
	uint16_t turn = thread_mark_of(slot) ^ mine;

	if (turn) {
		if (__builtin_expect(turn > TURN, 0))
			return thread_turns(slot, direction, n);
		slot->exchanges += turn == TURN;
		slot->direction = direction;
	}
	return n;
}

/* The number of this thread, which uses or opens a socket at that time; 0: it has none. Asks the
 * kernel at a thread's first use of a ledger. Never blocks, never allocates, keeps errno. */
uint8_t thread_number(uint64_t at);

#endif
