/* SPDX-License-Identifier: MIT */
/*
 * Captures from places where others come to grief: stacks with no room, signal handlers on stacks
 * of their own, coroutines, inside malloc, code that was replaced at its address. What is found
 * there is compared with a walk by libgcc.
 */
#include "fake_ledger.h"
#include "stacks.h"

#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")

static stack_id captured;
static uintptr_t fresh[LEDGER_FRAMES_MAX];
static unsigned fresh_count;

__attribute__((noinline)) static void hook(void)
{
	captured = stacks_capture(__builtin_frame_address(0));
	KEEP(captured);
}

/* With a walk by libgcc from the same place, which takes stack of its own where it must. */
__attribute__((noinline)) static void hook_and_walk(void)
{
	captured = stacks_capture(__builtin_frame_address(0));
	fresh_count = stacks_walk(__builtin_frame_address(0), fresh, LEDGER_FRAMES_MAX);
	KEEP(captured);
}

static unsigned frames_of(stack_id stack)
{
	return stack ? stacks_record(stack)->frame_count : 0;
}

static bool is_complete(stack_id stack)
{
	return stack && stacks_record(stack)->complete;
}

static void assert_as_fresh(void)
{
	assert_int_not_equal(captured, 0);
	assert_int_equal(captured, stacks_intern(fresh, fresh_count));
}

static void *in_thread(void *argument)
{
	(void)argument;
	hook();
	return NULL;
}

static void thread_with_a_16k_stack_is_walked(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;
	(void)state;

	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstacksize(&attributes, 16384), 0);
	captured = 0;
	assert_int_equal(pthread_create(&thread, &attributes, in_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_true(is_complete(captured));
	assert_in_range(frames_of(captured), 3, 5);
}

static void *first_capture(void *argument)
{
	struct rusage before, after;
	(void)argument;

	getrusage(RUSAGE_THREAD, &before);
	hook();
	getrusage(RUSAGE_THREAD, &after);
	return (void *)(after.ru_minflt - before.ru_minflt);
}

static void first_capture_of_a_thread_touches_at_most_16k(void **state)
{
	pthread_t thread;
	void *faults;
	(void)state;

	hook();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(pthread_create(&thread, NULL, first_capture, NULL), 0);
		pthread_join(thread, &faults);
		if (i > 0)
			assert_in_range((uintptr_t)faults, 0, 4);
	}
}

/* The same code in another thread has the same stack, without another walk. */
static void threads_share_what_was_learnt(void **state)
{
	pthread_t threads[4];
	stack_id first;
	(void)state;

	pthread_create(&threads[0], NULL, in_thread, NULL);
	pthread_join(threads[0], NULL);
	first = captured;
	uint64_t walked = stacks_walked();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, in_thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(captured, first);
	assert_int_equal(stacks_walked(), walked);
}

static unsigned masks_asked;

/* What libunwind's own reference would find. */
int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	masks_asked++;
	return pthread_sigmask(how, set, old) ? -1 : 0;
}

/* At another depth each time. */
__attribute__((noinline)) static void walk_often(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		char *room = alloca(16);

		KEEP(room);
		hook();
	}
}

static void walks_ask_for_no_mask_of_libc(void **state)
{
	uint64_t walked = stacks_walked();
	(void)state;

	masks_asked = 0;
	walk_often(100);
	assert_true(stacks_walked() >= walked + 90);
	assert_int_equal(masks_asked, 0);
}

static volatile unsigned rounds_walked;

static void *walk_for_ever(void *argument)
{
	(void)argument;
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;; rounds_walked++)
		walk_often(50);
	return NULL;
}

/* Or it would leave libunwind's lock behind, and a stack of ours. */
static void cancellation_ends_no_walk(void **state)
{
	pthread_t thread;
	(void)state;

	for (unsigned i = 0; i < 100; i++) {
		unsigned begun = rounds_walked;

		assert_int_equal(pthread_create(&thread, NULL, walk_for_ever, NULL), 0);
		while (rounds_walked < begun + 2)
			sched_yield();
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
	uint64_t lost = ledger->header->lost[LOST_FALLBACK];
	walk_often(100);
	assert_int_equal(ledger->header->lost[LOST_FALLBACK], lost);
}

#define CANARY 0xa5
#ifdef __SANITIZE_ADDRESS__
#define HANDLER_ROOM 16384 /* its frames are huge, and not ours */
#else
#define HANDLER_ROOM 2048
#endif

static void assert_untouched(const unsigned char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(memory[i], CANARY);
}

static void on_signal(int number)
{
	(void)number;
	hook();
}

static void small_signal_stack_is_not_overrun(void **state)
{
	/* What the kernel's frame needs, and a little for the program's handler. */
	size_t size = getauxval(AT_MINSIGSTKSZ) + HANDLER_ROOM, below = 65536;
	unsigned char *memory = malloc(below + size);
	stack_t stack = { .ss_sp = memory + below, .ss_size = size },
		off = { .ss_flags = SS_DISABLE };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	(void)state;

	memset(memory, CANARY, below);
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	sigaction(SIGUSR1, &action, NULL);
	captured = 0;
	raise(SIGUSR1);
	sigaltstack(&off, NULL);
	assert_untouched(memory, below);
	assert_true(is_complete(captured));
	assert_true(frames_of(captured) >=
		    6); /* the handler, its way back, raise(), us, cmocka, main */
	free(memory);
}

static ucontext_t scheduler, coroutine;

static void in_coroutine(void)
{
	hook();
	swapcontext(&coroutine, &scheduler);
}

static void run_coroutine(unsigned char *memory, size_t below, size_t size)
{
	memset(memory, CANARY, below);
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = memory + below;
	coroutine.uc_stack.ss_size = size;
	coroutine.uc_link = &scheduler;
	makecontext(&coroutine, in_coroutine, 0);
	captured = 0;
	swapcontext(&scheduler, &coroutine);
}

static void coroutine_with_a_4k_stack_is_walked(void **state)
{
	size_t below = 65536, size = 4096;
	unsigned char *memory = aligned_alloc(4096, 4 * (below + 4096));
	(void)state;

	run_coroutine(memory, below, size);
	assert_untouched(memory, below);
	assert_true(frames_of(captured) >= 2); /* the coroutine, and where makecontext() began it */

	stack_id first = captured;
	uint64_t walked = stacks_walked();
	for (int i = 1; i < 4; i++) {
		run_coroutine(memory + (size_t)i * (below + 4096), below, size);
		assert_int_equal(captured, first);
	}
	assert_int_equal(stacks_walked(), walked);
	free(memory);
}

static uintptr_t interrupted_at;

static void on_interruption(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
#if defined(__x86_64__)
	interrupted_at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#else
	interrupted_at = ((ucontext_t *)context)->uc_mcontext.pc;
#endif
	hook_and_walk();
}

static void interrupted_frame_is_exact_less_one(void **state)
{
	struct sigaction action = { .sa_sigaction = on_interruption, .sa_flags = SA_SIGINFO };
	bool found = false;
	(void)state;

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	assert_as_fresh();
	for (unsigned i = 0; i < fresh_count; i++)
		found |= fresh[i] == interrupted_at + 1;
	assert_true(found);
}

static volatile unsigned handled, handled_wrong;

static void on_timer(int number)
{
	int before = errno;

	(void)number;
	hook_and_walk();
	handled++;
	if (captured == 0 || captured != stacks_intern(fresh, fresh_count))
		handled_wrong++;
	errno = before;
}

static void handler_inside_malloc_captures(void **state)
{
	struct sigaction action = { .sa_handler = on_timer };
	struct itimerval every = { { 0, 150 }, { 0, 150 } }, never = { { 0, 0 }, { 0, 0 } };
	void *kept[64] = { NULL };
	(void)state;

	sigaction(SIGALRM, &action, NULL);
	handled = handled_wrong = 0;
	setitimer(ITIMER_REAL, &every, NULL);
	for (unsigned i = 0; handled < 3000; i++) {
		free(kept[i % 64]);
		kept[i % 64] = malloc(16 + i * 37 % 5000);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	for (unsigned i = 0; i < 64; i++)
		free(kept[i]);
	assert_int_equal(handled_wrong, 0);
}

static sigjmp_buf out;
static volatile bool jumping;

static void on_jump(int number)
{
	(void)number;
	hook();
	if (jumping)
		siglongjmp(out, 1);
}

/* A capture that is left by a jump, wherever it stood, spoils none that follow. */
static void handler_that_jumps_out_of_a_capture_leaves_no_trace(void **state)
{
	struct sigaction action = { .sa_handler = on_jump };
	struct itimerval soon = { { 0, 0 }, { 0, 60 } };
	volatile unsigned jumps = 0;
	(void)state;

	sigaction(SIGALRM, &action, NULL);
	while (jumps < 3000) {
		if (sigsetjmp(out, 1)) {
			jumps++;
			continue;
		}
		jumping = true;
		setitimer(ITIMER_REAL, &soon, NULL);
		for (unsigned depth = 0;; depth++) {
			char *room = alloca(16 * (1 + depth % 64));
			if (depth % 64 == 63)
				stacks_code_changed();
			KEEP(room);
			hook();
			if (depth > 4000) /* the jump takes the room back */
				pause();
		}
	}
	jumping = false;
	uint64_t lost = ledger->header->lost[LOST_FALLBACK] + ledger->header->lost[LOST_SHALLOW];
	stacks_code_changed();
	hook_and_walk();
	assert_as_fresh();
	hook();
	assert_true(is_complete(captured));
	assert_int_equal(ledger->header->lost[LOST_FALLBACK] + ledger->header->lost[LOST_SHALLOW],
			 lost);
}

static void signal_mask_and_errno_are_kept(void **state)
{
	sigset_t mine, after;
	(void)state;

	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR2);
	sigprocmask(SIG_SETMASK, &mine, NULL);
	stacks_code_changed();
	errno = 4711;
	hook();
	assert_int_equal(errno, 4711);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR2), 1);
	assert_int_equal(sigismember(&after, SIGUSR1), 0);
	sigemptyset(&mine);
	sigprocmask(SIG_SETMASK, &mine, NULL);
}

/* The same function at the same address, with another frame. */
static void *load_plugin(const char *folder, unsigned room, void (**enter)(void (*)(void)))
{
	char command[512], path[64];

	snprintf(path, sizeof(path), "%s/plugin.so", folder);
	snprintf(
		command, sizeof(command),
		"echo 'void enter(void (*hook)(void)) { volatile char room[%u]; room[0] = 1; "
		"hook(); room[0] = 2; }' | "
		"${CC:-cc} -O1 -fno-stack-protector -shared -fPIC -x c - -o %s.new && mv %s.new %s",
		room, path, path, path);
	if (system(command) != 0)
		return NULL;
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *symbol = plugin ? dlsym(plugin, "enter") : NULL;
	memcpy(enter, &symbol, sizeof(symbol));
	return symbol ? plugin : NULL;
}

static void code_replaced_at_its_address_is_told_apart(void **state)
{
	char folder[] = "/tmp/sockaudit-test-XXXXXX", path[64];
	void (*first)(void (*)(void)), (*second)(void (*)(void));
	(void)state;

	assert_non_null(mkdtemp(folder));
	void *plugin = load_plugin(folder, 24, &first);
	if (!plugin)
		skip();
	for (int i = 0; i < 3; i++) {
		first(hook_and_walk);
		assert_as_fresh();
	}
	stack_id before = captured;
	dlclose(plugin);
	stacks_code_changed();
	plugin = load_plugin(folder, 88, &second);
	assert_non_null(plugin);
	for (int i = 0; i < 3; i++) {
		second(hook_and_walk);
		assert_as_fresh();
		assert_true(is_complete(captured));
	}
	if (first == second) /* else the loader chose another place and nothing was tested */
		assert_int_not_equal(captured, before);
	/* What stayed loaded keeps its module, or every unloading would cost a new one of each. */
	uint32_t modules = ledger->header->sections[SECTION_MODULES].used;
	stacks_code_changed();
	second(hook_and_walk);
	assert_as_fresh();
	assert_int_equal(ledger->header->sections[SECTION_MODULES].used, modules);
	dlclose(plugin);
	stacks_code_changed();
	snprintf(path, sizeof(path), "%s/plugin.so", folder);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_ask_for_no_mask_of_libc),
		cmocka_unit_test(cancellation_ends_no_walk),
		cmocka_unit_test(thread_with_a_16k_stack_is_walked),
		cmocka_unit_test(first_capture_of_a_thread_touches_at_most_16k),
		cmocka_unit_test(threads_share_what_was_learnt),
		cmocka_unit_test(small_signal_stack_is_not_overrun),
		cmocka_unit_test(coroutine_with_a_4k_stack_is_walked),
		cmocka_unit_test(interrupted_frame_is_exact_less_one),
		cmocka_unit_test(handler_inside_malloc_captures),
		cmocka_unit_test(handler_that_jumps_out_of_a_capture_leaves_no_trace),
		cmocka_unit_test(signal_mask_and_errno_are_kept),
		cmocka_unit_test(code_replaced_at_its_address_is_told_apart),
	};

	stacks_start();
	if (!ledger_file_open())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
