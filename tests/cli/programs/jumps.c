/* SPDX-License-Identifier: MIT */
/*
 * jumps: a signal handler jumps out of recv, accept, connect and close while the kernel sleeps in
 * them, each several times. Afterwards what is open is known, and what follows is seen.
 */
#include "loopback.h"
#include "talk.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>

enum { TIMES = 5 };

static sigjmp_buf back;
static unsigned opened, closed;
static pthread_t waker;
static struct {
	pthread_t thread;
	pid_t id;
	long number;
} sleeper;

static void jump(int signal)
{
	siglongjmp(back, signal);
}

/* Until the thread sleeps in that very system call; then the signal. */
static void *wakes(void *unused)
{
	char path[64], text[64];
	long number = -1;

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", sleeper.id);
	while (number != sleeper.number) {
		FILE *file = fopen(path, "r");
		NEED(file);
		if (fgets(text, sizeof text, file) && *text >= '0' && *text <= '9')
			number = strtol(text, NULL, 10);
		fclose(file);
		sched_yield();
	}
	pthread_kill(sleeper.thread, SIGUSR1);
	return unused;
}

#define JUMP_OUT_OF(system_call, call)                                                             \
	do {                                                                                       \
		sleeper.number = system_call;                                                      \
		NEED(!pthread_create(&waker, NULL, wakes, NULL));                                  \
		if (sigsetjmp(back, 1) == 0) {                                                     \
			call;                                                                      \
			printf("%s returned\n", #call);                                            \
		} else {                                                                           \
			printf("jumped out of %s\n", #call);                                       \
		}                                                                                  \
		pthread_join(waker, NULL);                                                         \
	} while (0)

/* Functions of their own: what a jump may clobber stays in them. */
#define APART __attribute__((noinline)) static void

APART out_of_recv(int fd)
{
	char byte;

	JUMP_OUT_OF(SYS_recvfrom, recv(fd, &byte, 1, 0));
}

APART out_of_read(int fd)
{
	char byte;

	JUMP_OUT_OF(SYS_read, read(fd, &byte, 1));
}

APART out_of_accept(int fd)
{
	JUMP_OUT_OF(SYS_accept, accept(fd, NULL, NULL));
}

APART out_of_close(int fd)
{
	JUMP_OUT_OF(SYS_close, close(fd));
}

APART out_of_connect(int fd, const struct sockaddr_in *address)
{
	JUMP_OUT_OF(SYS_connect, connect(fd, (const struct sockaddr *)address, sizeof *address));
}

static void close_one(int fd)
{
	NEED(close(fd) == 0);
	closed++;
}

/* close() sleeps while data is unsent that the program has asked to wait for. */
static void sleep_in_close(int listener, const struct sockaddr_in *address)
{
	static char block[1 << 16];
	struct linger wait = { 1, 60 };
	int client = socket(AF_INET, SOCK_STREAM, 0);

	NEED(connect(client, (const struct sockaddr *)address, sizeof *address) == 0);
	int server = accept(listener, NULL, NULL);
	opened += 2;
	while (send(client, block, sizeof block, MSG_DONTWAIT) > 0)
		;
	NEED(setsockopt(client, SOL_SOCKET, SO_LINGER, &wait, sizeof wait) == 0);
	out_of_close(client);
	/* The kernel has taken the number away before it slept. */
	NEED(fcntl(client, F_GETFD) == -1 && errno == EBADF);
	closed++;
	int again = socket(AF_UNIX, SOCK_STREAM, 0);
	NEED(again == client);
	opened++;
	close_one(again);
	close_one(server);
}

static void sleep_in_connect(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), waiting[3];

	address = loopback_address(0);
	NEED(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 0) == 0 &&
	     getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	/* The queue has room for one: the next waits until it is accepted, which nobody does. */
	for (int i = 0; i < 3; i++)
		waiting[i] = socket(AF_INET, SOCK_STREAM, 0);
	opened += 4;
	NEED(connect(waiting[0], (struct sockaddr *)&address, size) == 0);
	NEED(fcntl(waiting[1], F_SETFL, O_NONBLOCK) == 0);
	connect(waiting[1], (struct sockaddr *)&address, size);
	out_of_connect(waiting[2], &address);
	for (int i = 0; i < 3; i++)
		close_one(waiting[i]);
	close_one(listener);
}

int main(void)
{
	struct sockaddr_in address;
	int pair[2], listener = loopback_listen(&address);
	char byte;

	setvbuf(stdout, NULL, _IONBF, 0);
	sleeper.thread = pthread_self();
	sleeper.id = (pid_t)syscall(SYS_gettid);
	sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = jump }, NULL);
	opened++;
	for (int i = 0; i < TIMES; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		opened += 2;
		out_of_recv(pair[0]);
		out_of_read(pair[0]);
		out_of_accept(listener);
		sleep_in_close(listener, &address);
		sleep_in_connect();
		/* Not blind since: the EOF of this one is seen. */
		close_one(pair[1]);
		NEED(recv(pair[0], &byte, 1, 0) == 0);
		if (i < TIMES - 1)
			close_one(pair[0]);
	}
	for (int i = 0; i < 3; i++) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		opened += 2;
		close_one(pair[0]);
		close_one(pair[1]);
	}
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
