/* SPDX-License-Identifier: MIT */
/*
 * Sockets on stacks with hardly any room, a guard page below each: threads of 16 KiB, signal
 * handlers on alternate stacks of 4 KiB (the kernel's own frame takes up to 3), coroutines of
 * makecontext on 8 KiB.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

static unsigned opened, closed, wrong;

static void *guarded(size_t size)
{
	char *at =
		mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at, 4096, PROT_NONE))
		exit(2);
	return at + 4096;
}

static void life(void)
{
	int pair[2];
	char byte;

	wrong += socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0;
	opened += 2;
	wrong += write(pair[0], "x", 1) != 1 || read(pair[1], &byte, 1) != 1;
	int copy = dup(pair[0]);
	wrong += close(pair[0]) != 0 || close(copy) != 0 || read(pair[1], &byte, 1) != 0 ||
		 close(pair[1]) != 0;
	closed += 2;
	wrong += close(900) != -1;
}

static void *thread_life(void *unused)
{
	/* Most of it is used already: what is left is what the calls of libc need and little more.
	 */
	volatile char used[6000];

	used[0] = 1;
	life();
	return used[0] == 1 ? unused : (void *)&closed;
}

static void handler(int signal)
{
	(void)signal;
	life();
}

static ucontext_t main_context, coroutine;

static void coroutine_life(void)
{
	for (;;) {
		life();
		swapcontext(&coroutine, &main_context);
	}
}

int main(void)
{
	pthread_attr_t attributes;
	unsigned before;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (int i = 0; i < 50; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attributes, thread_life, NULL))
			return 2;
		pthread_join(thread, NULL);
	}
	printf("threads: %u, wrong %u\n", closed, wrong);

	size_t size = getauxval(AT_MINSIGSTKSZ);
	size = (size ? size + 2048 : MINSIGSTKSZ) + 4095;
	stack_t alternate = { .ss_sp = guarded(size & -4096ul), .ss_size = size & -4096ul };
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	before = closed;
	for (int i = 0; i < 50; i++)
		raise(SIGUSR1);
	printf("alternate stacks: %u, wrong %u\n", closed - before, wrong);

	before = closed;
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = guarded(8192);
	coroutine.uc_stack.ss_size = 8192;
	coroutine.uc_link = &main_context;
	makecontext(&coroutine, coroutine_life, 0);
	for (int i = 0; i < 50; i++)
		swapcontext(&main_context, &coroutine);
	printf("coroutines: %u, wrong %u\n", closed - before, wrong);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
