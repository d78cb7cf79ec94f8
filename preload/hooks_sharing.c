/* SPDX-License-Identifier: MIT */
/*
 * vfork cannot be wrapped: its child returns through the wrapper's frame, which is gone when the
 * parent does. But it can be noticed, by hooks that have no frame: they set a flag and jump. The
 * same for clone, whose child begins on another stack, and for syscall(), by which either may be
 * called.
 */
#include "hooks_sharing.h"
#include "observe.h"
#include "real.h"
#include <stddef.h>
#include <sys/syscall.h>

#define OFFSET(name) offsetof(struct real_functions, name)
#define NAKED	     EXPORT __attribute__((naked))

/* The compiler does not see that they never return by themselves. */
#pragma GCC diagnostic ignored "-Wreturn-type"
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(__x86_64__)
bool sharing_seen;

#define NOTICED(type, name, parameters)                                                            \
	NAKED type name parameters                                                                 \
	{                                                                                          \
		__asm__("movb $1, sharing_seen(%%rip)\n\tjmp *real_functions+%c0(%%rip)" ::"i"(    \
			OFFSET(name)));                                                            \
	}

NAKED long syscall(long number, ...)
{
	__asm__("cmp %0, %%rdi\n\tjae 2f\n\t"
		"lea syscall_tellers(%%rip), %%r11\n\t"
		"cmpq $0, (%%r11, %%rdi, 8)\n\tjne syscall_told\n\t"
		"cmp %1, %%rdi\n\tje 1f\n\t"
		"cmp %2, %%rdi\n\tje 1f\n\t"
		"cmp %3, %%rdi\n\tje 1f\n\t"
		"2: jmp *real_functions+%c4(%%rip)\n\t"
		"1: movb $1, sharing_seen(%%rip)\n\tjmp 2b" ::"i"(SYSCALLS),
		"i"(SYS_clone), "i"(SYS_clone3), "i"(SYS_vfork), "i"(OFFSET(syscall)));
}
#elif defined(__aarch64__)
bool sharing_seen;

#define JUMP(name, number)                                                                         \
	"adrp x16, real_functions\n\tadd x16, x16, :lo12:real_functions\n\t"                       \
	"ldr x16, [x16, " number "]\n\tbr x16"
#define NOTICED(type, name, parameters)                                                            \
	NAKED type name parameters                                                                 \
	{                                                                                          \
		__asm__("adrp x16, sharing_seen\n\tmov w17, #1\n\t"                                \
			"strb w17, [x16, :lo12:sharing_seen]\n\t" JUMP(name,                       \
								       "%0")::"i"(OFFSET(name)));  \
	}

NAKED long syscall(long number, ...)
{
	__asm__("cmp x0, %0\n\tb.hs 2f\n\t"
		"adrp x16, syscall_tellers\n\tadd x16, x16, :lo12:syscall_tellers\n\t"
		"ldr x16, [x16, x0, lsl #3]\n\tcbnz x16, syscall_told\n\t"
		"cmp x0, %1\n\tb.eq 1f\n\t"
		"cmp x0, %2\n\tb.eq 1f\n\t"
		"2: " JUMP(syscall,
			   "%3") "\n\t"
				 "1: adrp x16, sharing_seen\n\tmov w17, #1\n\t"
				 "strb w17, [x16, :lo12:sharing_seen]\n\tb 2b" ::"i"(SYSCALLS),
		"i"(SYS_clone), "i"(SYS_clone3), "i"(OFFSET(syscall)));
}
#endif

NOTICED(pid_t, vfork, (void))
NOTICED(pid_t, __vfork, (void))
NOTICED(int, clone, (int (*start)(void *), void *stack, int flags, void *argument, ...))
NOTICED(int, __clone, (int (*start)(void *), void *stack, int flags, void *argument, ...))
