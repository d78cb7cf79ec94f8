/* SPDX-License-Identifier: MIT */
/*
 * coroutines: a hundred of them by turns on small stacks, malloc'ed and mapped. Each opens a
 * connection, reads its end in another turn, and every second one closes it in a third.
 */
#include "talk.h"
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>

enum { COUNT = 100, STACK = 16384 };

static ucontext_t scheduler, routines[COUNT];
static unsigned opened, closed;

static void yield(int self)
{
	swapcontext(&routines[self], &scheduler);
}

__attribute__((noinline)) static void opens(int pair[2])
{
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	opened += 2;
}

__attribute__((noinline)) static void reads(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	NEED(n == 0);
}

__attribute__((noinline)) static void closes(int fd)
{
	NEED(close(fd) == 0);
	closed++;
}

static void routine(int self)
{
	int pair[2];

	opens(pair);
	yield(self);
	closes(pair[1]);
	yield(self);
	reads(pair[0]);
	yield(self);
	if (self % 2)
		closes(pair[0]);
}

static void *room(int self)
{
	void *at = self % 2 ? malloc(STACK)
			    : mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

	NEED(at && at != MAP_FAILED);
	return at;
}

__attribute__((noinline)) static void begin(int self)
{
	ucontext_t *context = &routines[self];

	NEED(getcontext(context) == 0);
	context->uc_stack.ss_sp = room(self);
	context->uc_stack.ss_size = STACK;
	context->uc_link = &scheduler;
	makecontext(context, (void (*)(void))routine, 1, self);
}

int main(void)
{
	for (int i = 0; i < COUNT; i++)
		begin(i);
	for (int turn = 0; turn < 4; turn++)
		for (int i = 0; i < COUNT; i++)
			NEED(swapcontext(&scheduler, &routines[(i * 7) % COUNT]) == 0);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
