/* SPDX-License-Identifier: MIT */
/*
 * Stacks as the ledger keeps them: equal ones once, whichever threads and processes meet; frames by
 * module; and what is left when the kernel may not be asked or the ledger is full. SOCKAUDIT_FORKS
 * sets the number of forks.
 */
#include "fake_ledger.h"
#include "stacks.h"

#include <alloca.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")
#define FORKS	    3000 /* the 20,000 take 25 s on two cores */
#define THREADS	    8

static _Thread_local uintptr_t return_address;

__attribute__((noinline)) static stack_id hook(void)
{
	stack_id stack = stacks_capture(__builtin_frame_address(0));

	return_address = (uintptr_t)__builtin_return_address(0);
	KEEP(stack);
	return stack;
}

__attribute__((noinline)) static stack_id called_from_here(void)
{
	stack_id stack = hook();

	KEEP(stack);
	return stack;
}

__attribute__((noinline)) static stack_id called_from_there(void)
{
	stack_id stack = hook();

	KEEP(stack);
	return stack;
}

static void equal_stacks_have_equal_ids(void **state)
{
	stack_id here[3], there[3];
	(void)state;

	for (volatile int i = 0; i < 3; i++) { /* volatile: not unrolled into several calls */
		here[i] = called_from_here();
		there[i] = called_from_there();
	}
	assert_int_not_equal(here[0], 0);
	assert_int_not_equal(here[0], there[0]);
	assert_int_equal(here[0], here[1]);
	assert_int_equal(here[0], here[2]);
	assert_int_equal(there[0], there[2]);
	assert_null(stacks_record(0));
	assert_null(stacks_record(UINT32_MAX));
}

extern char __executable_start, etext;

static void frames_name_their_module(void **state)
{
	const struct ledger_stack *stack = stacks_record(called_from_here());
	uint64_t frame = ledger->frames[stack->frames];
	const struct ledger_module *module = &ledger->modules[FRAME_MODULE(frame)];
	bool libc = false;
	(void)state;

	assert_int_equal(FRAME_OFFSET(frame) + module->bias, return_address);
	assert_int_equal(module->flags, MODULE_MAIN);
	assert_int_equal(module->path, ledger->header->exe);
	assert_true(module->start <= (uintptr_t)&__executable_start &&
		    module->end >= (uintptr_t)&etext);
	assert_int_equal(module->build_id_size, 20);
	assert_int_equal(stack->unwinder, UNWINDER_LIBUNWIND);
	assert_int_equal(stack->complete, 1);
	for (unsigned i = 0; i < stack->frame_count; i++) {
		module = &ledger->modules[FRAME_MODULE(ledger->frames[stack->frames + i])];
		libc |= strstr(ledger->strings + module->path, "libc.so.6") != NULL;
		assert_int_not_equal(FRAME_MODULE(ledger->frames[stack->frames + i]), 0);
	}
	assert_true(libc);
}

/* A capture that was made before must be found again with no system call at all. */
static void recall_asks_the_kernel_nothing(void **state)
{
	int status;
	(void)state;

	pid_t child = fork();
	if (child == 0) {
		stack_id both[2];

		ledger_file_open();
		/* Volatile, or the compiler may make two calls of one. */
		for (volatile int i = 0; i < 2; i++) {
			if (i == 1)
				prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
			both[i] = called_from_here();
		}
		syscall(SYS_exit, both[0] && both[0] == both[1] ? 0 : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* Under a filter that allows nothing a new stack is still walked, by libgcc, and counted. */
static void stacks_without_locks_asks_the_kernel_nothing(void **state)
{
	int status;
	(void)state;

	pid_t child = fork();
	if (child == 0) {
		ledger_file_open();
		stacks_prepare();
		stacks_without_locks(true);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		const struct ledger_stack *stack = stacks_record(called_from_here());
		uint64_t counted = ledger->header->lost[LOST_FALLBACK];
		syscall(SYS_exit, stack && stack->frame_count > 3 && stack->complete &&
						  stack->unwinder == UNWINDER_LIBGCC && counted == 1
					  ? 0
					  : 1);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

static volatile bool stop;

/* Walks without end: no two captures are from the same depth. */
static void *walk_on(void *argument)
{
	(void)argument;
	for (unsigned i = 0; !stop; i++) {
		char *room = alloca(16);

		KEEP(room);
		hook();
		if (i % 1000 == 999)
			break; /* the room is used up */
	}
	return NULL;
}

static void *walk_on_and_on(void *argument)
{
	while (!stop) {
		walk_on(argument);
		stacks_code_changed();
	}
	return NULL;
}

static unsigned fork_count(void)
{
	const char *wanted = getenv("SOCKAUDIT_FORKS");

	return wanted ? (unsigned)strtoul(wanted, NULL, 10) : FORKS;
}

static void children_forked_while_others_walk_capture_too(void **state)
{
	pthread_t threads[2];
	unsigned wrong = 0, fallen_back = 0, forks = fork_count();
	(void)state;

	stop = false;
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, walk_on_and_on, NULL);
	for (unsigned i = 0; i < forks; i++) {
		pid_t child = fork();

		if (child == 0) {
			alarm(20); /* instead of a hang */
			stack_id none = called_from_here();
			ledger_file_open();
			stack_id first = called_from_here(), second = called_from_there(),
				 third = 0;
			pid_t grandchild = i % 64 ? 0 : fork();
			if (i % 64 == 0 && grandchild == 0) {
				ledger_file_open();
				third = called_from_there();
				_exit(third && stacks_record(third)->complete ? 0 : 1);
			}
			int status = 0;
			if (grandchild > 0)
				waitpid(grandchild, &status, 0);
			bool right = !none && first && second && first != second && !status &&
				     stacks_record(first)->complete &&
				     stacks_record(second)->complete &&
				     stacks_record(first)->frame_count > 3;
			_exit((right ? 0 : 1) | (ledger->header->lost[LOST_FALLBACK] ? 2 : 0));
		}
		int status = 0;
		assert_true(child > 0);
		waitpid(child, &status, 0);
		wrong += !WIFEXITED(status) || (WEXITSTATUS(status) & 1);
		fallen_back += WIFEXITED(status) && (WEXITSTATUS(status) & 2);
	}
	stop = true;
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%u forks, %u of them while a thread was inside libunwind\n", forks, fallen_back);
	assert_int_equal(wrong, 0);
}

#define SYNTHETIC 3000
static stack_id found[THREADS][SYNTHETIC];

static stack_id intern_synthetic(unsigned number)
{
	/* Real code, so that the frames have a module, though nothing was ever called from there.
	 */
	uintptr_t base = (uintptr_t)&__executable_start + 4096;
	uintptr_t addresses[20];
	unsigned count = 3 + number % 18;

	for (unsigned i = 0; i < count; i++)
		addresses[i] = base + number / (i + 1) + i;
	addresses[1] = base + number % 4096;
	addresses[2] = base + number / 4096;
	return stacks_intern(addresses, count);
}

static void *intern_all(void *argument)
{
	unsigned thread = (unsigned)(uintptr_t)argument;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < SYNTHETIC; i++) {
			unsigned number = thread & 1 ? i : SYNTHETIC - 1 - i;
			stack_id stack = intern_synthetic(number);

			if (round && found[thread][number] != stack)
				stack = 0;
			found[thread][number] = stack;
		}
		called_from_here();
	}
	return NULL;
}

static void threads_agree_on_ids(void **state)
{
	pthread_t threads[THREADS];
	(void)state;

	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, intern_all, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned number = 0; number < SYNTHETIC; number++) {
		assert_int_not_equal(found[0][number], 0);
		for (unsigned i = 1; i < THREADS; i++)
			assert_int_equal(found[i][number], found[0][number]);
		if (number)
			assert_int_not_equal(found[0][number], found[0][number - 1]);
	}
}

/* Last, as it leaves no room. */
static void a_hundred_thousand_stacks_fit_and_more_are_counted(void **state)
{
	static stack_id ids[100000];
	(void)state;

	assert_int_equal(ledger->header->lost[LOST_STACKS], 0);
	for (unsigned i = 0; i < 100000; i++) {
		ids[i] = intern_synthetic(1000000 + i);
		assert_int_not_equal(ids[i], 0);
	}
	for (unsigned i = 0; i < 100000; i += 7)
		assert_int_equal(intern_synthetic(1000000 + i), ids[i]);
	for (unsigned i = 100000; i < 140000; i++)
		intern_synthetic(1000000 + i);
	assert_in_range(ledger->header->lost[LOST_STACKS], 1, 40000);
	assert_int_equal(intern_synthetic(1000000), ids[0]);
	assert_int_equal(called_from_here(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_stacks_have_equal_ids),
		cmocka_unit_test(frames_name_their_module),
		cmocka_unit_test(recall_asks_the_kernel_nothing),
		cmocka_unit_test(stacks_without_locks_asks_the_kernel_nothing),
		cmocka_unit_test(children_forked_while_others_walk_capture_too),
		cmocka_unit_test(threads_agree_on_ids),
		cmocka_unit_test(a_hundred_thousand_stacks_fit_and_more_are_counted),
	};

	stacks_start();
	if (!ledger_file_open())
		return 77;
	const char *only =
		getenv("SOCKAUDIT_TEST"); /* a pattern; ThreadSanitizer can't do forks of threads */
	if (only)
		cmocka_set_test_filter(only);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
