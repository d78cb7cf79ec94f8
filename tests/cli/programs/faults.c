/* SPDX-License-Identifier: MIT */
/*
 * faults: a program that lives by its own SIGSEGV, SIGBUS and SIGSYS, as garbage collectors and
 * sandboxes do, with handlers that open and close sockets. Tells how often each came.
 */
#include "talk.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { TIMES = 20 };

static unsigned segv, bus, sys, opened, closed;
static char *guarded, *beyond;

static void life(void)
{
	int pair[2];
	char byte = 'x';

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	NEED(send(pair[0], &byte, 1, 0) == 1 && close(pair[0]) == 0);
	NEED(recv(pair[1], &byte, 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 0);
	NEED(close(pair[1]) == 0);
	opened += 2;
	closed += 2;
}

static void handler(int signal, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	life();
	if (signal == SIGSEGV) {
		segv++;
		NEED(info->si_addr == guarded);
		NEED(mprotect(guarded, 4096, PROT_READ | PROT_WRITE) == 0);
	} else if (signal == SIGBUS) {
		bus++;
		NEED(info->si_addr == beyond);
		NEED(mmap(beyond, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == beyond);
	} else {
		sys++;
		NEED(info->si_syscall == SYS_getppid);
	}
	errno = saved;
}

static void filter(void)
{
	struct sock_filter trap[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){ 4, trap }))
		printf("no filters here\n");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSYS, &action, NULL);
	guarded = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *empty = tmpfile();
	NEED(empty && guarded != MAP_FAILED);
	for (int i = 0; i < TIMES; i++) {
		life();
		NEED(mprotect(guarded, 4096, PROT_READ) == 0);
		*(volatile char *)guarded = 1;
		beyond = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(empty), 0);
		NEED(beyond != MAP_FAILED);
		(void)*(volatile char *)beyond;
		munmap(beyond, 4096);
	}
	printf("before the filter: segv %u bus %u sys %u\n", segv, bus, sys);
	filter();
	for (int i = 0; i < TIMES; i++) {
		syscall(SYS_getppid);
		NEED(mprotect(guarded, 4096, PROT_READ) == 0);
		*(volatile char *)guarded = 1;
		life();
	}
	printf("segv %u bus %u sys %u\n", segv, bus, sys);
	printf("# opened %u closed %u\n", opened, closed);
	return 5;
}
