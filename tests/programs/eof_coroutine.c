/* SPDX-License-Identifier: MIT */
/* Coroutines (makecontext) and a thread with the smallest stack: the lines are told all the same.
 */
#include "stage/peer.h"
#include "stage/stage.h"
#include <limits.h>
#include <pthread.h>
#include <ucontext.h>

static ucontext_t caller, coroutine;
static char stack[65536];
static int listener;

static __attribute__((noinline)) void serve(void)
{
	char byte;
	int client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL)); /* EXPECT eof-not-closed opened count=5 */

	peer_finish(client);
	expect(recv(fd, &byte, 1, 0) == 0); /* EXPECT eof-not-closed evidence */
}

static void run(void)
{
	serve();
	must(swapcontext(&coroutine, &caller));
	serve();
}

static void *small(void *unused)
{
	serve();
	return unused;
}

int main(void)
{
	pthread_t thread;
	pthread_attr_t attributes;

	listener = stage_listen();
	must(getcontext(&coroutine));
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = sizeof(stack);
	coroutine.uc_link = &caller;
	makecontext(&coroutine, run, 0);
	must(swapcontext(&caller, &coroutine));
	must(swapcontext(&caller, &coroutine));

	expect(!pthread_attr_init(&attributes));
	expect(!pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
	for (int i = 0; i < 3; i++) {
		expect(!pthread_create(&thread, &attributes, small, NULL));
		expect(!pthread_join(thread, NULL));
	}
	stage_ready();
	return 0;
}
