/* SPDX-License-Identifier: MIT */
/*
 * The fallback: libgcc_s, whose _Unwind_Backtrace neither locks nor allocates nor asks the kernel.
 * It doesn't tell where registers were saved, so its walks can't be recalled.
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

static int (*backtrace_frames)(trace_function trace, void *argument);
static uintptr_t (*address_of)(struct _Unwind_Context *context, int *before);
static uintptr_t (*frame_of)(struct _Unwind_Context *context);

static bool look_up(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static int stop_at_once(struct _Unwind_Context *context, void *argument)
{
	(void)context;
	(void)argument;
	return REASON_NORMAL_STOP;
}

bool unwind_libgcc_start(void)
{
	void *library = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);

	if (library && look_up(library, "_Unwind_GetIPInfo", &address_of) &&
	    look_up(library, "_Unwind_GetCFA", &frame_of) &&
	    look_up(library, "_Unwind_Backtrace", &backtrace_frames)) {
		/* Its first use fills a table under pthread_once(), which ends in a system call. */
		backtrace_frames(stop_at_once, NULL);
		return true;
	}
	dlerror(); /* or the program would be told of it */
	return false;
}

static int note_frame(struct _Unwind_Context *context, void *argument)
{
	struct unwind_walk *walk = argument;
	int interrupted = 0;
	uintptr_t address = address_of(context, &interrupted);

	if (address == 0)
		return REASON_GO_ON; /* the end will be told by the next step */
	if (walk->count == 0 &&
	    (address != walk->caller.return_address || frame_of(context) < walk->caller.stack))
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
	walk->complete = backtrace_frames(note_frame, walk) == REASON_END_OF_STACK;
}
