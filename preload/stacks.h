/* SPDX-License-Identifier: MIT */
/*
 * Stacks: captured once, interned in the ledger, recalled without unwinding when the same code is
 * at the same depth again (recall.h). All functions here: no lock held across a signal, no malloc
 * in this process's heap after start, no stdio, errno untouched, safe in a signal handler and in a
 * child of fork.
 */
#ifndef STACKS_H
#define STACKS_H

#include <sockaudit/ledger.h>
#include <stdbool.h>

/* In the constructor: loads the unwinders (RTLD_NOW | RTLD_LOCAL); any may be missing. */
void stacks_start(void);

/*
 * The stack of a hook's caller. `frame` is the hook's own frame address: __builtin_frame_address(0)
 * in a function with a frame pointer, so that frame[0] is the caller's frame pointer, frame[1] the
 * return address and frame + 2 the caller's stack pointer after the return. 0 without a ledger, or
 * when the ledger is full. No system call when the stack is recalled; two or more, and all signals
 * blocked for some 20 us, when not.
 */
stack_id stacks_capture(void *frame);

/* Its record in the ledger, for counting; NULL for 0 or a number out of range. */
struct ledger_stack *stacks_record(stack_id stack);

/* The frames of a hook's caller as a plain array of return addresses, innermost first, for a stack
 * that has no ledger yet (fork). Returns how many. */
unsigned stacks_walk(void *frame, uintptr_t *addresses, unsigned room);
stack_id stacks_intern(const uintptr_t *addresses, unsigned count);

/* How many captures had to walk so far, in this process and its ancestors: the others were
 * recalled. */
uint64_t stacks_walked(void);

/* Code was unloaded: what was remembered of addresses no longer holds. Call it after dlclose(), and
 * best also before: another thread may load something else at that address before we hear of it. */
void stacks_code_changed(void);

/* System calls are about to be forbidden: asks now for the memory that a later first capture would
 * ask for. */
void stacks_prepare(void);

/* From now on only unwinders that take no lock and make no system call: after a seccomp filter;
 * `false` takes that back, when it was refused. A
 * child of a process whose threads were unwinding at the fork needs no call: stacks_capture()
 * notices that itself. */
void stacks_without_locks(bool without);

#endif
