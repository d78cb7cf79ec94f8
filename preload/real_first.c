/* SPDX-License-Identifier: MIT */
/*
 * The first call of each hook, when it comes before our constructor (another library's
 * constructor): a stub keeps the arguments, fills the table and jumps to the real function.
 * Checking for an empty entry instead would cost every read of a file five instructions for ever.
 */
#include "real.h"

void real_first(void);

#if defined(__x86_64__)
/* In: the call's index on top of the stack. No hooked function takes floating-point arguments. */
__attribute__((naked, visibility("hidden"))) void real_first(void)
{
	__asm__("push %rax\n\tpush %rdi\n\tpush %rsi\n\tpush %rdx\n\tpush %rcx\n\tpush %r8\n\tpush "
		"%r9\n\t"
		"push %rbp\n\tmov %rsp, %rbp\n\tand $-16, %rsp\n\t"
		"call real_resolve\n\t"
		"mov %rbp, %rsp\n\tpop %rbp\n\t"
		"pop %r9\n\tpop %r8\n\tpop %rcx\n\tpop %rdx\n\tpop %rsi\n\tpop %rdi\n\tpop %rax\n\t"
		"pop %r11\n\t"
		"lea real_functions(%rip), %r10\n\t"
		"jmp *(%r10,%r11,8)");
}
#define FIRST(name)                                                                                \
	__attribute__((naked)) static void first_##name(void)                                      \
	{                                                                                          \
		__asm__("push %0\n\tjmp real_first" ::"i"(CALL_##name));                           \
	}
#elif defined(__aarch64__)
/* In: the call's index in x16. */
__attribute__((naked, visibility("hidden"))) void real_first(void)
{
	__asm__("stp x29, x30, [sp, #-112]!\n\tmov x29, sp\n\t"
		"stp x0, x1, [sp, #16]\n\tstp x2, x3, [sp, #32]\n\tstp x4, x5, [sp, #48]\n\t"
		"stp x6, x7, [sp, #64]\n\tstp x8, x16, [sp, #80]\n\t"
		"bl real_resolve\n\t"
		"ldp x0, x1, [sp, #16]\n\tldp x2, x3, [sp, #32]\n\tldp x4, x5, [sp, #48]\n\t"
		"ldp x6, x7, [sp, #64]\n\tldp x8, x16, [sp, #80]\n\t"
		"ldp x29, x30, [sp], #112\n\t"
		"adrp x17, real_functions\n\tadd x17, x17, :lo12:real_functions\n\t"
		"ldr x16, [x17, x16, lsl #3]\n\tbr x16");
}
#define FIRST(name)                                                                                \
	__attribute__((naked)) static void first_##name(void)                                      \
	{                                                                                          \
		__asm__("mov x16, %0\n\tb real_first" ::"i"(CALL_##name));                         \
	}
#endif

#define HOOK(name) FIRST(name)
#include "hooks.def"
#undef HOOK

struct real_functions real_functions = {
#define HOOK(name) .name = (__typeof__(name) *)(void *)first_##name,
#include "hooks.def"
#undef HOOK
};
