/* SPDX-License-Identifier: MIT */
/*
 * The fallback: libgcc's _Unwind_Backtrace, which neither locks nor allocates nor asks the kernel.
 * It doesn't tell where registers were saved, so its walks can't be recalled. Linked in (from
 * libgcc_eh, its names local): a shared library more makes each fork of the program 9 us longer.
 */
#include "unwind.h"

#include <dlfcn.h>
#include <stddef.h>

/* As in the psABI and GCC's unwind.h, which libunwind-dev replaces with one of its own. */
struct _Unwind_Context;
typedef int (*trace_function)(struct _Unwind_Context *context, void *argument);
#define REASON_GO_ON	    0
#define REASON_NORMAL_STOP  4
#define REASON_END_OF_STACK 5

extern int _Unwind_Backtrace(trace_function trace, void *argument);
extern uintptr_t _Unwind_GetIPInfo(struct _Unwind_Context *context, int *before);
extern uintptr_t _Unwind_GetCFA(struct _Unwind_Context *context);

/* What libgcc calls: without glibc's, which musl lacks, it searches by itself. */
__attribute__((visibility("hidden"))) int _dl_find_object(void *address,
							  struct dl_find_object *result)
{
	return modules_find_object(address, result);
}

static int stop_at_once(struct _Unwind_Context *context, void *argument)
{
	(void)context;
	(void)argument;
	return REASON_NORMAL_STOP;
}

bool unwind_libgcc_start(void)
{
	/* It aborts where it finds no unwind tables at all. */
	if (!modules_known())
		return false;
	/* Its first use fills a table under pthread_once(), which ends in a system call. */
	_Unwind_Backtrace(stop_at_once, NULL);
	return true;
}

static int note_frame(struct _Unwind_Context *context, void *argument)
{
	struct unwind_walk *walk = argument;
	int interrupted = 0;
	uintptr_t address = _Unwind_GetIPInfo(context, &interrupted);

	if (address == 0)
		return REASON_GO_ON; /* the end will be told by the next step */
	if (walk->count == 0 && (address != walk->caller.return_address ||
				 _Unwind_GetCFA(context) < walk->caller.stack))
		return REASON_GO_ON; /* still one of our own */
	if (walk->count == walk->room)
		return REASON_NORMAL_STOP;
	walk->addresses[walk->count++] = address + (interrupted != 0);

	/* Outside of any module its search would go through every object, and find nothing to go
	 * on. */
	struct module_span span;
	if (modules_known() && !modules_find(address - !interrupted, &span))
		return REASON_NORMAL_STOP;
	return REASON_GO_ON;
}

void unwind_libgcc(struct unwind_walk *walk)
{
	walk->count = 0;
	walk->complete = _Unwind_Backtrace(note_frame, walk) == REASON_END_OF_STACK;
}
