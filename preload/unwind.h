/* SPDX-License-Identifier: MIT */
/*
 * Unwinders: from a place in a hook up to the end of the stack. Two are loaded at start and asked
 * by stacks.c; either may be missing. Each fills the same walk, in the same way: the hook's frames
 * and what is below them are left out.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include "modules.h"
#include "processor.h"
#include "recall.h"

struct unwind_walk {
	/* Asked. */
	struct recall_caller caller; /* of the hook */
	unsigned room;		     /* addresses wanted, at most LEDGER_FRAMES_MAX */

	/* Found: return addresses, innermost first; for a frame that a signal interrupted, the
	 * interrupted address plus one. */
	unsigned count;
	bool complete; /* the end of the stack was reached */
	uint64_t addresses[LEDGER_FRAMES_MAX];
};

/* In the constructor: false when it is not to be had. Uses dlopen. */
bool unwind_libunwind_start(void);
bool unwind_libgcc_start(void);

/*
 * Takes locks and makes system calls, so: all signals blocked, never in a child of a process that
 * forked while another thread was in here. `registers` are those of a frame of ours below the
 * hook's that is still alive. `path` notes what the walk depended on, or refuses.
 */
void unwind_libunwind(struct unwind_walk *walk, const struct processor_registers *registers,
		      struct recall_path *path);

/* In the constructor, of libunwind: its locks then ask the kernel for nothing. */
void unwind_masks_start(const struct module_span *library);

/* Modules changed: drops what libunwind keeps of addresses. Safe at any time. */
void unwind_libunwind_forget(void);

/* No lock, no malloc, no system call. Starts from where it is called, which must be below the hook.
 */
void unwind_libgcc(struct unwind_walk *walk);

#endif
