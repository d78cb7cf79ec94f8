/* SPDX-License-Identifier: MIT */
/* The numbers of threads; see threads.h. */
#include "threads.h"
#include "process.h"
#include "sys.h"
#include <sys/prctl.h>

/* A thread without a number: what it leaves in a slot differs from what a new life holds, so that
 * its first use asks for one. */
__thread struct thread_marks thread_marks = { DIRECTION_NEW, DIRECTION_NEW, 0 };

#define NUMBERS 255u
/* Numbers of living threads that are passed over before a thread goes without. */
#define TRIES 64u

/* Who has the number: serial << 32 | tid. What another ledger's thread had, the parent's, is free.
 */
static uint64_t holders[NUMBERS + 1];
static uint32_t latest;

static bool is_free(uint64_t holder)
{
	return holder >> 32 != ledger->serial ||
	       sys_call(SYS_tgkill, ledger->pid, (uint32_t)holder, 0, 0) != 0;
}

static uint8_t number_take(uint32_t tid)
{
	uint32_t first = __atomic_fetch_add(&latest, 1, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < TRIES; i++) {
		uint32_t number = 1 + (first + i) % NUMBERS;
		uint64_t holder = __atomic_load_n(&holders[number], __ATOMIC_RELAXED);

		/* Whoever wins has the number: nothing else is handed over by it. */
		if (is_free(holder) &&
		    __atomic_compare_exchange_n(&holders[number], &holder,
						(uint64_t)ledger->serial << 32 | tid, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return (uint8_t)number;
	}
	return 0;
}

static bool record_write(uint8_t number, uint32_t tid, uint64_t at)
{
	int64_t place = number ? ledger_file_next(SECTION_THREADS) : -1;

	if (place < 0)
		return false;
	struct ledger_thread *thread = ledger->threads + place;
	char name[sizeof thread->comm + 1] = "";
	__atomic_store_n(&thread->at, 0, __ATOMIC_RELEASE);
	sys_call(SYS_prctl, PR_GET_NAME, name, 0, 0);
	thread->tid = tid;
	thread->number = number;
	memcpy(thread->comm, name, sizeof thread->comm);
	__atomic_store_n(&thread->at, at, __ATOMIC_RELEASE);
	return true;
}

uint8_t thread_number(uint64_t at)
{
	uint32_t serial = ledger->serial;

	if (thread_marks.serial == serial)
		return (uint8_t)(thread_marks.sent >> 8);
	/* A vfork child has its parent's words: they stay as they are. */
	if (!process_is_ours())
		return 0;
	uint8_t number = 0;
	if (!process_is_filtered()) {
		uint32_t tid = (uint32_t)sys_call(SYS_gettid, 0, 0, 0, 0);

		number = number_take(tid);
		if (!record_write(number, tid, at))
			number = 0;
	}
	thread_marks.received = (uint16_t)(DIRECTION_RECEIVED | number << 8);
	thread_marks.sent = (uint16_t)(DIRECTION_SENT | number << 8);
	thread_marks.serial = serial;
	return number;
}

__attribute__((noinline)) ssize_t thread_turns(struct ledger_slot *slot, uint8_t direction,
					       ssize_t n)
{
	slot->thread =
		thread_number(direction == DIRECTION_SENT ? slot->last_send : slot->last_receive);
	if (slot->direction != direction) {
		slot->exchanges += slot->direction != DIRECTION_NONE;
		slot->direction = direction;
	}
	return n;
}
