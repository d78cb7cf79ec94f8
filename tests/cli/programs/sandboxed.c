/* SPDX-License-Identifier: MIT */
/*
 * sandboxed HOW [before|late [betray]]: a program that locks itself in. After a seccomp filter that
 * kills at any system call but the ones written below, it uses the sockets that it had and new
 * ones, closes some and leaves others. betray, as a third argument, makes one call more. HOW:
 * prctl, syscall, strict (mode 1: read, write and exit), fork (a child after the filter), tsync
 * (another thread opens and closes sockets while the filter comes over it), twice (a filter upon a
 * filter), refused (a bad filter first).
 */
#include "loopback.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALLOW(number)                                                                              \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                       \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter code[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(SYS_read),
	ALLOW(SYS_write),
	ALLOW(SYS_close),
	ALLOW(SYS_dup),
	ALLOW(SYS_socket),
	ALLOW(SYS_socketpair),
	ALLOW(SYS_connect),
	ALLOW(SYS_accept4),
	ALLOW(SYS_sendto),
	ALLOW(SYS_recvfrom),
	ALLOW(SYS_shutdown),
	ALLOW(SYS_exit_group),
	ALLOW(SYS_exit),
	/* These are changed for the ways that need more. */
	ALLOW(SYS_exit),
	ALLOW(SYS_exit),
	ALLOW(SYS_exit),
	ALLOW(SYS_exit),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
static struct sock_fprog filter = { sizeof code / sizeof code[0], code };
#define LAST (sizeof code / sizeof code[0] - 3)

static void also_allow(unsigned place, unsigned number)
{
	code[LAST - 2 * place].k = number;
}

static unsigned opened, closed;

/* No stdio: it asks for memory. */
static void tell(const char *what, long value)
{
	char line[80], *end = line;

	while (*what)
		*end++ = *what++;
	*end++ = ' ';
	if (value < 0)
		*end++ = '-';
	unsigned long left = value < 0 ? -(unsigned long)value : (unsigned long)value, scale = 1;
	while (left / scale >= 10)
		scale *= 10;
	for (; scale; scale /= 10)
		*end++ = (char)('0' + left / scale % 10);
	*end++ = '\n';
	if (write(1, line, (size_t)(end - line)) < 0)
		_exit(9);
}

static struct sockaddr_in address;
static int listener;
static int any_number; /* beside another thread, numbers are chance */

__attribute__((noinline)) static int deep(int depth, int client)
{
	int server = depth ? deep(depth - 1, client) : accept4(listener, NULL, NULL, 0);

	__asm__ volatile("" : "+r"(server));
	return server;
}

static void lives(void)
{
	char buffer[16];
	int pair[2];
	int client = socket(AF_INET, SOCK_STREAM, 0);

	tell("connect", connect(client, (struct sockaddr *)&address, sizeof address));
	int server = deep(12, client);
	tell("server", any_number ? server >= 0 : server);
	tell("send", send(client, "sandbox", 7, 0));
	tell("recv", recv(server, buffer, sizeof buffer, 0));
	tell("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	opened += 4;
	int copy = dup(pair[0]);
	tell("close", close(pair[0]));
	tell("close", close(copy));
	tell("EOF", read(pair[1], buffer, sizeof buffer));
	tell("close", close(pair[1]));
	tell("shutdown", shutdown(client, SHUT_RDWR));
	tell("EOF", recv(server, buffer, sizeof buffer, 0));
	tell("close", close(client));
	tell("close", close(server));
	closed += 4;
	tell("refused", close(500));
	tell("errno", errno);
}

static atomic_int stop, stopped, turns;
static int others_opened;

static void *other(void *unused)
{
	while (!stop) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		others_opened++;
		close(fd);
		turns++;
	}
	/* A thread's end makes system calls that the filter forbids. */
	for (stopped = 1;;)
		__asm__ volatile("");
	return unused;
}

static void install(const char *how)
{
	long done;

	if (!strcmp(how, "prctl") || !strcmp(how, "twice"))
		done = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
	else
		done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			       !strcmp(how, "tsync") ? SECCOMP_FILTER_FLAG_TSYNC : 0, &filter);
	tell("filter", done);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "prctl";
	pthread_t thread;
	int kept = -1, status = 0;

	if (!strcmp(how, "fork") || !strcmp(how, "tsync")) {
		also_allow(0, SYS_clone);
		also_allow(1, SYS_set_robust_list);
		also_allow(2, SYS_wait4);
	}
	if (!strcmp(how, "twice"))
		also_allow(0, SYS_prctl);
	if (argc < 3 || !strcmp(argv[2], "before")) {
		listener = loopback_listen(&address);
		opened++;
		lives();
		kept = socket(AF_INET, SOCK_STREAM, 0);
		opened++;
	} else {
		listener = loopback_listen(&address); /* the first socket */
		opened++;
	}
	if (!strcmp(how, "tsync")) {
		any_number = 1;
		pthread_create(&thread, NULL, other, NULL);
		while (turns < 100)
			;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!strcmp(how, "strict")) {
		char byte;
		int pair[2];

		socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		tell("write", write(pair[0], "x", 1));
		tell("read", read(pair[1], &byte, 1));
		syscall(SYS_exit, 5);
	}
	if (!strcmp(how, "refused")) {
		struct sock_fprog none = { 0, code };

		tell("bad filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &none));
		lives();
	}
	install(how);
	if (!strcmp(how, "twice"))
		install(how);
	if (argc > 3) /* betray: what a library of ours might ask for */
		tell("pid", getpid());
	if (kept >= 0) {
		tell("close kept", close(kept));
		closed++;
	}
	lives();
	if (!strcmp(how, "fork")) {
		pid_t child = fork();

		if (child == 0) {
			lives();
			_exit(3);
		}
		tell("waited", waitpid(child, &status, 0) == child);
		tell("status", status);
	}
	if (!strcmp(how, "tsync")) {
		int seen = turns;

		while (turns < seen + 100)
			;
		stop = 1;
		while (!stopped)
			;
		opened += (unsigned)others_opened;
		closed += (unsigned)others_opened;
	}
	tell("# left", (long)opened - closed);
	/* exit() writes what stdio holds: nothing. */
	return 4;
}
