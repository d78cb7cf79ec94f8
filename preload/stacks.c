/* SPDX-License-Identifier: MIT */
/*
 * Capturing a stack: recall it, or walk it on a stack of our own and intern what was found.
 *
 * The tables (recall, index, the stacks to walk on) are one anonymous mapping, made at the first
 * capture and touched as needed. They speak of one ledger's numbers. The kernel wipes them in a
 * child, where they begin anew with the child's ledger; nothing that a thread of the parent had
 * half written is ever seen. Where the kernel can't (before 4.14), the ledger's serial tells, and
 * the child maps new ones.
 */
#include "stacks.h"

#include "ledger_file.h"
#include "modules.h"
#include "processor.h"
#include "recall.h"
#include "scratch.h"
#include "stack_index.h"
#include "sys.h"
#include "unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

struct tables {
	uint32_t serial; /* of the ledger that the numbers belong to; 0: of none yet */
	char padding[4096 - sizeof(uint32_t)];
	struct recall_table recall;
	struct stack_index index;
	struct scratch_pool scratch;
};
_Static_assert(sizeof(struct tables) <= 2 << 20,
	       "lazily touched, but RLIMIT_AS and mlockall() count all of it");

static struct tables *tables;
static uint32_t epoch; /* unloadings so far */
static bool without_locks, have_libunwind, have_libgcc;
static uint64_t walked;

/* For the last resort of walking on the thread's own stack. */
static uintptr_t main_stack_end, main_stack_size;
#define ROOM_NEEDED	   8192 /* a walk by libgcc takes up to 5 KiB */
#define LEAST_THREAD_STACK 16384

/*
 * Who may use libunwind: the serial of the ledger whose process was last seen here, and whether it
 * must not. A child inherits `walking` as it was at the fork: if another thread was in libunwind
 * then, its lock may be held for ever in the child and in all its children.
 */
#define OWNER_BARRED ((uint64_t)1 << 32)
static uint64_t owner;
static uint32_t walking;

void stacks_start(void)
{
	struct rlimit limit;
	int before = errno;
	void *stack_end;

	modules_start();
	have_libunwind = unwind_libunwind_start();
	have_libgcc = unwind_libgcc_start();
	stack_end = dlsym(RTLD_DEFAULT, "__libc_stack_end");
	if (stack_end)
		memcpy(&main_stack_end, stack_end, sizeof(main_stack_end));
	else
		dlerror(); /* or the program would be told of it */
	if (getrlimit(RLIMIT_STACK, &limit) == 0)
		main_stack_size = limit.rlim_cur < (8u << 20) ? limit.rlim_cur : 8u << 20;
	errno = before;
}

static struct tables *tables_make(uint32_t serial)
{
	long at = sys_mmap(NULL, sizeof(struct tables), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (at < 0 && at > -4096)
		return NULL;
	struct tables *made = (struct tables *)at;
	sys_madvise(made, sizeof(*made), MADV_WIPEONFORK); /* or the serial tells */
	sys_madvise(made, sizeof(*made), MADV_DONTDUMP);
	scratch_start(&made->scratch);
	made->serial = serial;
	return made;
}

/* The tables for the present ledger; NULL when they can't be had. */
static struct tables *tables_now(void)
{
	/* Partner: the release below: who sees tables sees their serial. */
	struct tables *now = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
	uint32_t serial = ledger->serial, none = 0;

	if (now) {
		if (__atomic_load_n(&now->serial, __ATOMIC_RELAXED) == serial)
			return now;
		/* Wiped: all zeroes is what empty tables look like, so whoever is first only signs
		 * them. Prepared without a ledger: the same. */
		if (__atomic_compare_exchange_n(&now->serial, &none, serial, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    none == serial)
			return now;
	}
	if (__atomic_load_n(&without_locks, __ATOMIC_RELAXED))
		return NULL;
	struct tables *made = tables_make(serial);
	if (!made)
		return NULL;
	if (__atomic_compare_exchange_n(&tables, &now, made, false, __ATOMIC_RELEASE,
					__ATOMIC_ACQUIRE))
		return made; /* older ones stay mapped: another thread may be looking at them */
	sys_munmap(made, sizeof(*made));
	return now->serial == serial ? now : NULL;
}

void stacks_prepare(void)
{
	tables_now();
}

/* Enters libunwind, unless its lock may be dead in this process. */
static bool walking_begins(void)
{
	uint32_t serial = ledger->serial;
	uint64_t seen = __atomic_load_n(&owner, __ATOMIC_SEQ_CST);

	while ((uint32_t)seen != serial) {
		/* The first to walk for this ledger. Nobody of this process can be walking yet, as
		 * they all pass here; so whoever is counted was left behind at a fork. */
		uint32_t left = __atomic_load_n(&walking, __ATOMIC_SEQ_CST);
		uint64_t next = serial | (seen & OWNER_BARRED) | (left ? OWNER_BARRED : 0);

		if (__atomic_compare_exchange_n(&owner, &seen, next, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			seen = next;
	}
	if (seen & OWNER_BARRED)
		return false;
	__atomic_fetch_add(&walking, 1, __ATOMIC_SEQ_CST);
	return true;
}

static void walking_ends(void)
{
	__atomic_fetch_sub(&walking, 1, __ATOMIC_SEQ_CST);
}

/* A capture that was not recalled. */
struct capture {
	struct tables *tables;
	struct recall_caller caller;
	struct processor_registers registers;
	uint32_t epoch; /* when it began */
	stack_id stack; /* the result */
};

/* What it needs while it runs on a scratch stack, at the bottom of which this lies. */
struct capture_memory {
	struct unwind_walk walk;
	struct recall_path path;
};
_Static_assert(sizeof(struct capture_memory) <= SCRATCH_SIZE / 4,
	       "the rest is for the unwinders' frames");

static void walk_start(struct unwind_walk *walk, const struct recall_caller *caller)
{
	unsigned wanted = ledger->header ? ledger->header->frames_wanted : 0;

	walk->caller = *caller;
	walk->room = wanted && wanted < LEDGER_FRAMES_MAX ? wanted : LEDGER_FRAMES_MAX;
	walk->count = 0;
	walk->complete = false;
}

/* Interns a walk's addresses, in place; one that found nothing is the return address alone. */
static stack_id intern_walk(struct stack_index *index, struct unwind_walk *walk, uint8_t unwinder,
			    uint32_t began)
{
	struct stack_found found = { .frames = walk->addresses, .unwinder = unwinder };
	unsigned first = 0;

	if (walk->count == 0) {
		walk->addresses[walk->count++] = walk->caller.return_address;
		walk->complete = false;
		found.unwinder = UNWINDER_NONE;
		ledger_file_lost(LOST_SHALLOW);
	}
	while (first + 1 < walk->count && modules_is_self(walk->addresses[first] - 1))
		first++;
	found.complete = walk->complete;
	for (unsigned i = first; i < walk->count; i++) {
		uint64_t frame = modules_frame(walk->addresses[i], began);

		/* Generated code: its addresses are new every time, so only the innermost is kept.
		 */
		if (modules_known() && FRAME_MODULE(frame) == 0 && i > first) {
			found.complete = 0;
			break;
		}
		walk->addresses[i] = frame;
		found.count++;
	}
	found.frames += first;
	return stack_index_intern(index, &found);
}

/* With all signals blocked, on a scratch stack. */
static void capture_there(void *argument, void *memory)
{
	struct capture *capture = argument;
	struct capture_memory *own = memory;
	uint8_t unwinder = UNWINDER_NONE;

	/* A signal handler has forked before they were blocked: this is the child. */
	if (!ledger->header)
		return;
	walk_start(&own->walk, &capture->caller);
	recall_path_start(&own->path, &capture->caller);
	recall_path_refuse(&own->path);
	if (have_libunwind && walking_begins()) {
		unwind_libunwind(&own->walk, &capture->registers, &own->path);
		walking_ends();
		unwinder = UNWINDER_LIBUNWIND;
	}
	if (own->walk.count == 0 && have_libgcc) {
		unwind_libgcc(&own->walk);
		recall_path_refuse(&own->path);
		unwinder = UNWINDER_LIBGCC;
		ledger_file_lost(LOST_FALLBACK);
	}
	capture->stack = intern_walk(&capture->tables->index, &own->walk, unwinder, capture->epoch);
	recall_remember(&capture->tables->recall, &own->path, capture->epoch, capture->stack);
}

/*
 * Is there surely room for a walk on the present stack? Without asking the kernel that is known of
 * the main stack and of the upper end of a thread's, where glibc keeps the thread's descriptor; of
 * a coroutine's or a small signal stack nothing is.
 */
static bool has_room_here(uintptr_t stack)
{
	uintptr_t thread = processor_thread_pointer();

	if (stack < main_stack_end && main_stack_end - stack < main_stack_size)
		return main_stack_size - (main_stack_end - stack) >= 4 * ROOM_NEEDED;
	return stack < thread && thread - stack <= LEAST_THREAD_STACK - ROOM_NEEDED - 1024;
}

/* Without a scratch stack: they are all in use, or we may not block signals any more. */
static __attribute__((noinline)) void walk_here(struct unwind_walk *walk)
{
	if (have_libgcc && has_room_here(walk->caller.stack)) {
		unwind_libgcc(walk);
		ledger_file_lost(LOST_FALLBACK);
	}
}

static __attribute__((noinline)) stack_id capture_here(const struct capture *capture)
{
	struct unwind_walk walk;

	walk_start(&walk, &capture->caller);
	walk_here(&walk);
	return intern_walk(&capture->tables->index, &walk,
			   walk.count ? UNWINDER_LIBGCC : UNWINDER_NONE, capture->epoch);
}

static __attribute__((noinline)) stack_id capture_by_walking(const struct recall_caller *caller,
							     uint32_t began)
{
	struct capture capture = { .tables = tables_now(), .caller = *caller, .epoch = began };

	if (!capture.tables) {
		ledger_file_lost(LOST_STACKS);
		return 0;
	}
	__atomic_fetch_add(&walked, 1, __ATOMIC_RELAXED);
	processor_registers(&capture.registers);
	if (__atomic_load_n(&without_locks, __ATOMIC_RELAXED) ||
	    !scratch_run(&capture.tables->scratch, capture_there, &capture))
		return capture_here(&capture);
	return capture.stack;
}

uint64_t stacks_walked(void)
{
	return __atomic_load_n(&walked, __ATOMIC_RELAXED);
}

static struct recall_caller caller_of(void *frame)
{
	const uintptr_t *words = frame;

	return (struct recall_caller){ words[1], (uintptr_t)(words + 2), words[0] };
}

stack_id stacks_capture(void *frame)
{
	struct recall_caller caller = caller_of(frame);
	struct tables *now = __atomic_load_n(&tables, __ATOMIC_ACQUIRE);
	/* Partner: the addition in stacks_code_changed(). An old value finds entries of code that
	 * was there when this call began. */
	uint32_t began = __atomic_load_n(&epoch, __ATOMIC_ACQUIRE);

	if (!ledger->header)
		return 0;
	if (now && __atomic_load_n(&now->serial, __ATOMIC_RELAXED) == ledger->serial) {
		stack_id stack = recall_find(&now->recall, &caller, began);

		if (stack)
			return stack;
	}
	return capture_by_walking(&caller, began);
}

struct ledger_stack *stacks_record(stack_id stack)
{
	const struct ledger_header *header = ledger->header;
	struct ledger_stack *stacks = ledger->stacks;

	if (stack == 0 || !header || !stacks ||
	    stack >= header->sections[SECTION_STACKS].capacity)
		return NULL;
	return &stacks[stack];
}

/* With all signals blocked, on a scratch stack. */
static void walk_there(void *argument, void *memory)
{
	(void)memory;
	unwind_libgcc(argument);
}

/* libgcc's walk, because this may be a process without a ledger, of which nobody can say whether
 * libunwind's lock is alive. */
unsigned stacks_walk(void *frame, uintptr_t *addresses, unsigned room)
{
	struct recall_caller caller = caller_of(frame);
	struct unwind_walk walk;

	if (room == 0)
		return 0;
	walk_start(&walk, &caller);
	if (walk.room > room)
		walk.room = room;
	if (have_libgcc && (__atomic_load_n(&without_locks, __ATOMIC_RELAXED) || !tables ||
			    !scratch_run(&tables->scratch, walk_there, &walk)))
		walk_here(&walk);
	if (walk.count == 0)
		walk.addresses[walk.count++] = caller.return_address;
	for (unsigned i = 0; i < walk.count; i++)
		addresses[i] = (uintptr_t)walk.addresses[i];
	return walk.count;
}

stack_id stacks_intern(const uintptr_t *addresses, unsigned count)
{
	struct tables *now = ledger->header ? tables_now() : NULL;
	struct unwind_walk walk = { .complete = false };

	if (!now || count == 0)
		return 0;
	while (walk.count < count && walk.count < LEDGER_FRAMES_MAX) {
		walk.addresses[walk.count] = addresses[walk.count];
		walk.count++;
	}
	return intern_walk(&now->index, &walk, count > 1 ? UNWINDER_LIBGCC : UNWINDER_NONE,
			   __atomic_load_n(&epoch, __ATOMIC_ACQUIRE));
}

void stacks_code_changed(void)
{
	/* In this order: a capture of the new epoch must not find the old code's rules. One of the
	 * old epoch may, and is outdated from the start. */
	unwind_libunwind_forget();
	__atomic_fetch_add(&epoch, 1, __ATOMIC_ACQ_REL);
}

void stacks_without_locks(bool without)
{
	__atomic_store_n(&without_locks, without, __ATOMIC_RELAXED);
}
