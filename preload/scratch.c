/* SPDX-License-Identifier: MIT */
/* Stacks of our own to unwind on: claiming one, and the switch to it. */
#include "scratch.h"

#include "processor.h"
#include "sys.h"

#include <signal.h>
#include <stddef.h>

/* Calls work(argument, memory) on the stack that ends at `top`. In assembly, because the way back
 * to the old stack must be told to unwinders (libgcc's starts on the new one) and debuggers. */
void scratch_switch(void (*work)(void *, void *), void *argument, void *memory, void *top)
	__attribute__((visibility("hidden")));

#if defined(__x86_64__)
__asm__(".pushsection .text\n"
	".hidden scratch_switch\n"
	".globl scratch_switch\n"
	".type scratch_switch, @function\n"
	"scratch_switch:\n"
	"	.cfi_startproc\n"
	"	pushq %rbp\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset %rbp, -16\n"
	"	movq %rsp, %rbp\n"
	"	.cfi_def_cfa_register %rbp\n"
	"	movq %rcx, %rsp\n"
	"	movq %rdi, %rax\n"
	"	movq %rsi, %rdi\n"
	"	movq %rdx, %rsi\n"
	"	callq *%rax\n"
	"	leave\n"
	"	.cfi_def_cfa %rsp, 8\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size scratch_switch, . - scratch_switch\n"
	".popsection");
#elif defined(__aarch64__)
__asm__(".pushsection .text\n"
	".hidden scratch_switch\n"
	".globl scratch_switch\n"
	".type scratch_switch, %function\n"
	"scratch_switch:\n"
	"	.cfi_startproc\n"
	"	stp x29, x30, [sp, #-16]!\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset x29, -16\n"
	"	.cfi_offset x30, -8\n"
	"	mov x29, sp\n"
	"	.cfi_def_cfa_register x29\n"
	"	mov sp, x3\n"
	"	mov x9, x0\n"
	"	mov x0, x1\n"
	"	mov x1, x2\n"
	"	blr x9\n"
	"	mov sp, x29\n"
	"	.cfi_def_cfa_register sp\n"
	"	ldp x29, x30, [sp], #16\n"
	"	.cfi_def_cfa_offset 0\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size scratch_switch, . - scratch_switch\n"
	".popsection");
#endif

/* Where the slots are that were last run on: a pool replaces another only in a child that the kernel
 * could not give empty ones. */
static uintptr_t slots;

void scratch_start(struct scratch_pool *pool)
{
	for (unsigned slot = 0; slot < SCRATCH_SLOTS; slot++)
		processor_tell_valgrind_stack(pool->slots[slot],
					      pool->slots[slot] + SCRATCH_SIZE - 1);
}

/* A slot's number, or SCRATCH_SLOTS. */
static unsigned scratch_claim(struct scratch_pool *pool)
{
	uint32_t claimed = __atomic_load_n(&pool->claimed, __ATOMIC_RELAXED);

	for (;;) {
		unsigned slot = (unsigned)__builtin_ctz(~claimed | 1u << SCRATCH_SLOTS);

		if (slot == SCRATCH_SLOTS)
			return slot;
		/* Partner: the release in scratch_run(); its user's stores must not be overtaken by
		 * ours. */
		if (__atomic_compare_exchange_n(&pool->claimed, &claimed, claimed | 1u << slot,
						false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return slot;
	}
}

bool scratch_run(struct scratch_pool *pool, void (*work)(void *argument, void *memory),
		 void *argument)
{
	uint64_t all = ~(uint64_t)0, before = 0;

	/* The kernel's own mask, glibc's internal signals included: a cancellation must not end a
	 * walk either. */
	if (sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all)) != 0)
		return false;
	unsigned slot = scratch_claim(pool);
	bool run = slot < SCRATCH_SLOTS;

	if (run) {
		char *memory = pool->slots[slot];

		if (__atomic_load_n(&slots, __ATOMIC_RELAXED) != (uintptr_t)pool->slots)
			__atomic_store_n(&slots, (uintptr_t)pool->slots, __ATOMIC_RELAXED);
		scratch_switch(work, argument, memory, memory + SCRATCH_SIZE);
		/* Partner: the acquire in scratch_claim(). */
		__atomic_fetch_and(&pool->claimed, ~(1u << slot), __ATOMIC_RELEASE);
	}
	sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(before));
	return run;
}

bool scratch_is_here(uintptr_t stack)
{
	return stack - __atomic_load_n(&slots, __ATOMIC_RELAXED) < SCRATCH_SLOTS * SCRATCH_SIZE;
}
