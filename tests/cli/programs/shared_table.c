/* SPDX-License-Identifier: MIT */
/*
 * shared_table thread|memory|table: what clone() starts without pthread. `thread`: of this process,
 * on a stack of its own; `memory`: a child process that shares memory and descriptors; `table`: one
 * that shares descriptors alone. It opens sockets, closes some of them and some of ours.
 */
#include "talk.h"
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STACK 65536
static unsigned opened, closed;
/* Of the parent: [0] and [1] the child closes, [2] it reads to its end and closes. */
static int ours[6];

static void round_of_life(void)
{
	int pair[2];
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	opened += 2;
	int copy = dup(pair[0]);
	NEED(write(copy, "x", 1) == 1 && read(pair[1], &byte, 1) == 1);
	NEED(close(copy) == 0 && close(pair[0]) == 0 && recv(pair[1], &byte, 1, 0) == 0);
	NEED(close(pair[1]) == 0);
	closed += 2;
}

static int in_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		round_of_life();
	return 0;
}

static int in_child(void *unused)
{
	char byte;

	(void)unused;
	round_of_life();
	NEED(close(ours[0]) == 0 && close(ours[1]) == 0);
	NEED(recv(ours[2], &byte, 1, 0) == 0 && close(ours[2]) == 0);
	/* Two that it leaves: they are in the parent's table. */
	printf("left %d\n", socket(AF_INET, SOCK_STREAM, 0) >= 0);
	fflush(stdout);
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0 ? 9 : 1;
}

static void *stack(void)
{
	char *at = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(at != MAP_FAILED);
	return at + STACK;
}

static void thread(void)
{
	static pid_t alive;

	for (int i = 0; i < 5; i++) {
		alive = 1;
		NEED(clone(in_thread, stack(),
			   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				   CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
			   NULL, NULL, NULL, &alive) > 0);
		/* It has our thread-local storage, so we keep still. */
		for (int is; (is = __atomic_load_n(&alive, __ATOMIC_ACQUIRE));)
			syscall(SYS_futex, &alive, FUTEX_WAIT, is, NULL, NULL, 0);
		round_of_life();
	}
}

static void child(int flags)
{
	int status;

	for (int i = 0; i < 2; i++)
		NEED((ours[i] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ours + 2) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, ours + 4) == 0);
	NEED(shutdown(ours[3], SHUT_WR) == 0);
	talk_ready();
	pid_t pid = clone(in_child, stack(), flags | SIGCHLD, NULL);
	NEED(pid > 0 && waitpid(pid, &status, 0) == pid);
	printf("child %x\n", status);
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		NEED(fd == ours[2] || fd > ours[5]);
	}
	round_of_life();
	talk_ready();
	for (int fd = ours[0]; fd < ours[5] + 8; fd++)
		printf("close %d %d\n", fd - ours[0], close(fd) ? errno : 0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "thread";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(how, "thread"))
		thread();
	else
		child(CLONE_FILES | (!strcmp(how, "memory") ? CLONE_VM : 0));
	if (!strcmp(how, "thread"))
		printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
