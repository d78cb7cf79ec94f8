/* SPDX-License-Identifier: MIT */
/*
 * interrupted HOW SECONDS: a timer's handler meets the main thread anywhere in libc and in the
 * hooks. closes   the handler opens and closes sockets, and closes some that the main thread opened
 *   malloc   the same, while the main thread allocates and frees all the time
 *   longjmp, firstjmp  the handler jumps out of whatever it interrupted: recv, close, socket,
 * connect Tells its own counts; for longjmp, where a number may be lost between the kernel and us,
 * that what comes after is seen.
 */
#include "loopback.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned opened, closed, handled, wrong;
/* What the main thread leaves to the handler to close; -1: nothing. */
static volatile int left = -1;
static sigjmp_buf back;
static volatile sig_atomic_t may_jump;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

__attribute__((noinline)) static int deep(int depth)
{
	int fd = depth ? deep(depth - 1) : socket(AF_UNIX, SOCK_STREAM, 0);

	__asm__ volatile("" : "+r"(fd));
	return fd;
}

static void close_and_open(int signal)
{
	int saved = errno, pair[2];
	int theirs = left;

	(void)signal;
	handled++;
	if (theirs >= 0) {
		left = -1;
		wrong += close(theirs) != 0;
		closed++;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
		char byte = 0;

		opened += 2;
		wrong += write(pair[0], "h", 1) != 1 || read(pair[1], &byte, 1) != 1 || byte != 'h';
		wrong += close(pair[0]) != 0;
		closed++;
		wrong += read(pair[1], &byte, 1) != 0;
		wrong += close(pair[1]) != 0;
		closed++;
	}
	int fd = deep((int)handled % 20);
	opened += fd >= 0;
	closed += close(fd) == 0;
	errno = saved;
}

static void jump(int signal)
{
	(void)signal;
	handled++;
	if (may_jump)
		siglongjmp(back, 1);
}

static void timer(void (*handler)(int), long microseconds)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	struct itimerval rate = { { 0, microseconds }, { 0, microseconds } };

	if (handler)
		sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &rate, NULL);
}

/* One round of calls, each of which the signal may meet. The counts are written where it may not.
 */
static void round_of_calls(int listener, const struct sockaddr_in *address)
{
	char byte;
	int client = socket(AF_INET, SOCK_STREAM, 0);
	__atomic_fetch_add(&opened, client >= 0, __ATOMIC_RELAXED);

	wrong += connect(client, (const struct sockaddr *)address, sizeof *address) != 0;
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	__atomic_fetch_add(&opened, server >= 0, __ATOMIC_RELAXED);
	wrong += send(client, "m", 1, 0) != 1 || recv(server, &byte, 1, 0) != 1 || byte != 'm';
	int copy = dup(client);
	shutdown(client, SHUT_WR);
	wrong += recv(server, &byte, 1, 0) != 0;
	wrong += close(copy) != 0 || close(client) != 0;
	__atomic_fetch_add(&closed, 1, __ATOMIC_RELAXED);
	wrong += close(server) != 0;
	__atomic_fetch_add(&closed, 1, __ATOMIC_RELAXED);
	int fd = deep(3);
	__atomic_fetch_add(&opened, 1, __ATOMIC_RELAXED);
	left = fd;
	/* The handler's now; while it is on its way the main thread works with its neighbours. */
	for (int i = 0; i < 1000 && left >= 0; i++)
		wrong += close(1000) == 0 || errno != EBADF;
	sigset_t alarm, before;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, &before);
	if (left >= 0) {
		close(left);
		closed++;
		left = -1;
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void allocate(void)
{
	static void *kept[256];

	for (int i = 0; i < 2000; i++) {
		int at = rand() % 256;

		free(kept[at]);
		kept[at] = malloc((size_t)(rand() % 5000));
	}
}

/* Jumps out of blocked calls and out of close; then closes all that the kernel says is there, by
 * raw calls and ours. */
static void jumps(double until)
{
	volatile unsigned rounds = 0;
	int pair[2];

	timer(jump, 150);
	while (now() < until) {
		if (sigsetjmp(back, 1) == 0) {
			char byte;

			may_jump = 1;
			if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) {
				if (rounds % 2)
					recv(pair[0], &byte, 1, 0); /* only a jump ends it */
				close(pair[0]);
				close(pair[1]);
				for (int i = 0; i < 8; i++)
					close(deep(i));
			}
		}
		may_jump = 0;
		rounds++;
		for (int fd = 3; fd < 40; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				close(fd);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 0 } }, NULL);
	fprintf(stderr, "%u rounds, %u signals\n", rounds, handled);
	/* The thread is not blind now: of these, all are known, and three of them closed. */
	int fds[10];
	for (int i = 0; i < 10; i++)
		fds[i] = deep(i);
	close(fds[0]);
	close(fds[4]);
	close(fds[9]);
	printf("jumped %d\n", rounds > 10 && handled > 10);
	printf("open:");
	for (int fd = 3; fd < 40; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("\n");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "closes";
	double until = now() + (argc > 2 ? atof(argv[2]) : 1);
	struct sockaddr_in address;
	unsigned rounds = 0;

	if (!strcmp(how, "longjmp") || !strcmp(how, "firstjmp")) {
		/* firstjmp: the storm meets the very first socket too. */
		if (!strcmp(how, "longjmp"))
			close(deep(0));
		jumps(until);
		return 0;
	}
	int listener = loopback_listen(&address);
	opened++;
	timer(close_and_open, 200);
	while (now() < until) {
		if (!strcmp(how, "malloc"))
			allocate();
		else
			round_of_calls(listener, &address);
		rounds++;
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 0 } }, NULL);
	fprintf(stderr, "%u rounds, %u signals\n", rounds, handled);
	printf("worked %d, wrong %u\n", rounds > 10 && handled > 10, wrong);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
