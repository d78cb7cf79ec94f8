/* SPDX-License-Identifier: MIT */
/*
 * A socket is opened on a coroutine's stack that ends where the guard page of the next one begins:
 * first on one of makecontext(), then on one that was switched to by hand, which has nothing above
 * its first frame. A walk that reads one word too far is a SIGSEGV.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK 65536
#define GUARD 4096

static ucontext_t home, coroutine;

__attribute__((noinline, used)) void neighbour_body(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	printf("socket %d, close %d\n", fd, close(fd));
}

/* Calls neighbour_body() on the stack whose end is `end`. */
__attribute__((noinline)) static void by_hand(char *end)
{
#if defined(__x86_64__)
	__asm__ volatile("mov %%rsp, %%r12\n\tmov %0, %%rsp\n\tcall neighbour_body\n\t"
			 "mov %%r12, %%rsp"
			 :
			 : "r"(end)
			 : "r12", "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", "memory");
#elif defined(__aarch64__)
	__asm__ volatile("mov x20, sp\n\tmov sp, %0\n\tbl neighbour_body\n\tmov sp, x20"
			 :
			 : "r"(end)
			 : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
			   "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x20", "x30", "memory");
#else
	(void)end;
	neighbour_body();
#endif
}

/* So that the switch is not in the frame of main(). */
__attribute__((noinline)) static void deeper(char *end)
{
	by_hand(end);
	__asm__ volatile(""); /* no tail call */
}

int main(void)
{
	char *stacks = mmap(NULL, 4 * STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			    -1, 0);

	if (stacks == MAP_FAILED)
		return 2;
	for (int i = 0; i < 3; i++)
		if (mprotect(stacks + i * STACK + GUARD, STACK - GUARD, PROT_READ | PROT_WRITE))
			return 2;
	/* No buffer to be asked for on a small stack. */
	setvbuf(stdout, NULL, _IONBF, 0);
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stacks + GUARD;
	coroutine.uc_stack.ss_size = STACK - GUARD;
	coroutine.uc_link = &home;
	makecontext(&coroutine, neighbour_body, 0);
	swapcontext(&home, &coroutine);
	for (int i = 1; i < 3; i++)
		deeper(stacks + (i + 1) * STACK);
	puts("# opened 3 closed 3");
	return 0;
}
