/* SPDX-License-Identifier: MIT */
/*
 * What the stack code must ask of the processor itself: the registers that a caller may expect to
 * find again, the thread pointer, the look of a signal's way back, and valgrind's ear. All inline,
 * one block for each architecture.
 */
#ifndef PROCESSOR_H
#define PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

/* Numbered as in DWARF's psABI names of libunwind: 0 rax ... 16 rip. */
#define PROCESSOR_REGISTERS 17
#define PROCESSOR_FP	    6
#define PROCESSOR_SP	    7
#define PROCESSOR_IP	    16
#define PROCESSOR_LIBUNWIND "libunwind-x86_64.so.8"

struct processor_registers {
	uintptr_t value[PROCESSOR_REGISTERS];
};

/* The registers of this very place, those that a callee must keep; the others read as 0. Inlined,
 * because the place must stay on the stack while somebody unwinds from it. */
static inline __attribute__((always_inline)) void
processor_registers(struct processor_registers *registers)
{
	memset(registers, 0, sizeof(*registers));
	__asm__ volatile("movq %%rbx, 24(%0)\n\t"
			 "movq %%rbp, 48(%0)\n\t"
			 "movq %%rsp, 56(%0)\n\t"
			 "movq %%r12, 96(%0)\n\t"
			 "movq %%r13, 104(%0)\n\t"
			 "movq %%r14, 112(%0)\n\t"
			 "movq %%r15, 120(%0)\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "movq %%rax, 128(%0)\n"
			 "1:"
			 :
			 : "r"(registers)
			 : "rax", "memory");
}

/* glibc's thread descriptor, which stands at the top of a stack that glibc made. */
static inline uintptr_t processor_thread_pointer(void)
{
	uintptr_t pointer;

	__asm__("movq %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

/* Is this `mov $15, %rax; syscall`, where the kernel lets a signal handler return to? The caller
 * knows that nine bytes can be read. */
static inline bool processor_is_sigreturn(const void *code)
{
	static const unsigned char pattern[9] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };

	return memcmp(code, pattern, sizeof(pattern)) == 0;
}

/* Asks valgrind something; 0 where there is no valgrind. The instructions are its documented ABI.
 */
static inline uintptr_t processor_ask_valgrind(uintptr_t what, uintptr_t first, uintptr_t second)
{
	uintptr_t request[6] = { what, first, second, 0, 0, 0 };
	uintptr_t answer = 0;

	__asm__ volatile("rolq $3, %%rdi\n\t"
			 "rolq $13, %%rdi\n\t"
			 "rolq $61, %%rdi\n\t"
			 "rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "+d"(answer)
			 : "a"(request)
			 : "cc", "memory");
	return answer;
}

#elif defined(__aarch64__)

#define PROCESSOR_REGISTERS 33
#define PROCESSOR_FP	    29
#define PROCESSOR_SP	    31
#define PROCESSOR_IP	    32
#define PROCESSOR_LIBUNWIND "libunwind-aarch64.so.8"

struct processor_registers {
	uintptr_t value[PROCESSOR_REGISTERS];
};

static inline __attribute__((always_inline)) void
processor_registers(struct processor_registers *registers)
{
	memset(registers, 0, sizeof(*registers));
	__asm__ volatile("stp x19, x20, [%0, #152]\n\t"
			 "stp x21, x22, [%0, #168]\n\t"
			 "stp x23, x24, [%0, #184]\n\t"
			 "stp x25, x26, [%0, #200]\n\t"
			 "stp x27, x28, [%0, #216]\n\t"
			 "stp x29, x30, [%0, #232]\n\t"
			 "mov x9, sp\n\t"
			 "adr x10, 1f\n\t"
			 "stp x9, x10, [%0, #248]\n"
			 "1:"
			 :
			 : "r"(registers)
			 : "x9", "x10", "memory");
}

static inline uintptr_t processor_thread_pointer(void)
{
	uintptr_t pointer;

	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
	return pointer;
}

static inline bool processor_is_sigreturn(const void *code)
{
	static const unsigned char pattern[8] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };

	return memcmp(code, pattern, sizeof(pattern)) == 0;
}

static inline uintptr_t processor_ask_valgrind(uintptr_t what, uintptr_t first, uintptr_t second)
{
	(void)what;
	(void)first;
	(void)second;
	return 0;
}

#else
#error "processor.h knows x86-64 and aarch64 only"
#endif

static inline bool processor_is_valgrind(void)
{
	return processor_ask_valgrind(0x1001, 0, 0) != 0;
}

/* Tells valgrind that we shall switch to this stack, or memcheck takes the switch for a stack that
 * grows over everything between. */
static inline void processor_tell_valgrind_stack(void *start, void *end)
{
	processor_ask_valgrind(0x1501, (uintptr_t)start, (uintptr_t)end);
}

#endif
