/* SPDX-License-Identifier: MIT */
/*
 * The table under eight threads that open, copy, close and reuse a few numbers as fast as they can.
 * A small kernel of our own hands out the lowest free number and tells what is true; the table must
 * have counted the same. Built a second time as test_fdtable_tsan, under ThreadSanitizer.
 */

/* cmocka.h wants these before it, in this order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "fake_ledger.h"
#include "fdtable.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define THREADS 8
#define NUMBERS 24
#define ROUNDS	60000

/* What stands at a number: 0 free, else the socket's own number, which copies share. */
static struct {
	pthread_mutex_t lock;
	uint64_t at[NUMBERS];
	uint64_t sockets, opened, copied, closed;
} kernel = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool kernel_shares(uint64_t socket)
{
	for (int fd = 0; fd < NUMBERS; fd++)
		if (kernel.at[fd] == socket)
			return true;
	return false;
}

/* The lowest free number, for a new socket or a copy of `of`; -1: none. */
static int kernel_open(uint64_t of)
{
	int found = -1;

	pthread_mutex_lock(&kernel.lock);
	for (int fd = 0; fd < NUMBERS && found < 0; fd++)
		if (!kernel.at[fd])
			found = fd;
	if (found >= 0) {
		kernel.at[found] = of ? of : ++kernel.sockets;
		kernel.opened += !of;
		kernel.copied += of != 0;
	}
	pthread_mutex_unlock(&kernel.lock);
	return found;
}

static void kernel_close(int fd)
{
	pthread_mutex_lock(&kernel.lock);
	uint64_t socket = kernel.at[fd];
	kernel.at[fd] = 0;
	kernel.closed += !kernel_shares(socket);
	pthread_mutex_unlock(&kernel.lock);
}

/* cmocka's own asserts jump to the test's thread. */
static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct ledger_slot *begin(int fd, enum ledger_origin origin, uint32_t *begun)
{
	struct ledger_slot *slot = fdtable_begin(fd, begun);

	must(slot != NULL, "a slot is had");
	slot->origin = (uint8_t)origin;
	slot->type = SOCK_STREAM;
	slot->opened_stack = 1;
	return slot;
}

static void close_one(int fd)
{
	uint32_t life = fdtable_retire(fd, CALL_close, 2);

	must(life != 0, "an open slot is retired");
	kernel_close(fd);
	/* From here on the number may be another thread's. */
	fdtable_finish(fd, life, false);
}

static void *thread_run(void *seed)
{
	unsigned random = (unsigned)(uintptr_t)seed;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t begun;
		int fd = kernel_open(0), copy = -1;

		if (fd < 0)
			continue;
		struct ledger_slot *socket = begin(fd, ORIGIN_SOCKET, &begun);

		fdtable_publish(fd, socket, begun);
		if (rand_r(&random) % 3 == 0)
			copy = kernel_open(kernel.at[fd]);
		if (copy >= 0) {
			struct ledger_slot *slot = begin(copy, ORIGIN_COPY, &begun);

			fdtable_group(ledger->slots + fd, slot);
			fdtable_publish(copy, slot, begun);
		}
		/* Either may go first. */
		bool copy_first = rand_r(&random) % 2;
		if (copy >= 0 && copy_first)
			close_one(copy);
		close_one(fd);
		if (copy >= 0 && !copy_first)
			close_one(copy);
	}
	return NULL;
}

static void eight_threads_are_counted_exactly(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	assert_true(ledger_file_open());
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_run, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	const struct ledger_totals *totals = &ledger->header->totals;
	assert_int_equal(totals->opened, kernel.opened);
	assert_int_equal(totals->closed, kernel.closed);
	assert_int_equal(totals->copied, kernel.copied);
	assert_int_equal(totals->opened, totals->closed);
	assert_int_equal(totals->drift, 0);
	assert_int_equal(ledger->header->lost[LOST_RACES], 0);
	for (int fd = 0; fd < NUMBERS; fd++) {
		assert_int_equal(ledger->slots[fd].group_refs, 0);
		assert_false(fdtable_is_socket(fd));
	}
}

/* A number that is given out again without a close that anybody saw. */
static void drift_is_counted_once(void **state)
{
	uint32_t begun, before = (uint32_t)ledger->header->totals.closed;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct ledger_slot *slot = begin(5, ORIGIN_SOCKET, &begun);

		fdtable_publish(5, slot, begun);
	}
	assert_int_equal(ledger->header->totals.drift, 2);
	assert_int_equal(ledger->header->totals.closed, before + 2);
	close_one(5);
	assert_int_equal(ledger->header->totals.drift, 2);
	assert_int_equal(ledger->header->totals.closed, before + 3);
}

/* Who was filling a slot when its number went to another thread can't publish it. */
static void the_later_owner_wins(void **state)
{
	uint32_t first, second;
	struct ledger_slot *slot = begin(6, ORIGIN_SOCKET, &first);

	(void)state;
	begin(6, ORIGIN_SOCKET, &second);
	fdtable_publish(6, slot, first);
	assert_int_equal(LIFE_PHASE(slot->life), PHASE_FILLING);
	assert_int_equal(ledger->header->lost[LOST_RACES], 1);
	fdtable_publish(6, slot, second);
	assert_int_equal(LIFE_PHASE(slot->life), PHASE_OPEN);
	close_one(6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_threads_are_counted_exactly),
		cmocka_unit_test(drift_is_counted_once),
		cmocka_unit_test(the_later_owner_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
