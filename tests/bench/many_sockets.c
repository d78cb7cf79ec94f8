/* SPDX-License-Identifier: MIT */
/*
 * A process that holds many TCP sockets and works beside them, for who looks at it from outside:
 * `many_sockets SOCKETS SECONDS`. Its clients live in another process, which nobody audits and
 * which ends with it. Of the sockets, opened at four places, one in ten has read its peer's EOF,
 * one in ten has a FIN that nobody read. It prints "ready", then works, each by a thread of its
 * own: round trips on a connection, and connections made and closed. Every other second a line
 * tells both, a second, and then both a second of their thread's processor time, which a busy
 * machine changes less. Ends after SECONDS, or with its standard input when they are 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in address = { .sin_family = AF_INET };
static socklen_t size = sizeof address;
static volatile unsigned long trips, connections;

static int fail(const char *what)
{
	perror(what);
	exit(2);
}

__attribute__((noinline)) static int take_at_door(int listener)
{
	int fd = accept(listener, NULL, NULL);
	__asm__ volatile("" : : : "memory");
	return fd;
}

__attribute__((noinline)) static int take_at_gate(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	__asm__ volatile("" : : : "memory");
	return fd;
}

__attribute__((noinline)) static int take_at_window(int listener)
{
	int fd = accept(listener, NULL, NULL);
	__asm__ volatile("" : : : "memory");
	return fd;
}

__attribute__((noinline)) static int take_at_back(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	__asm__ volatile("" : : : "memory");
	return fd;
}

static int (*const doors[])(int) = { take_at_door, take_at_gate, take_at_window, take_at_back };

static int visit(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		fail("connect");
	return fd;
}

/* The other ends: byte n of a command asks for n connections; what is to leave leaves at once. */
static void peers(int count, int commands, int answers)
{
	for (int i = 0; i < count; i++) {
		char go;
		if (read(commands, &go, 1) != 1)
			exit(0);
		int fd = visit();
		if (i % 10 < 2)
			close(fd);
		if (write(answers, &go, 1) != 1)
			exit(0);
	}
	int echo = visit();
	for (char byte; read(echo, &byte, 1) == 1;)
		if (write(echo, &byte, 1) != 1)
			break;
	exit(0);
}

static void *converse(void *argument)
{
	int fd = *(int *)argument;

	for (char byte = 'x';; trips++)
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			return NULL;
}

static void *come_and_go(void *argument)
{
	int listener = *(int *)argument;

	for (;; connections++) {
		int fd = visit(), taken = accept(listener, NULL, NULL);
		if (taken < 0)
			fail("accept");
		close(fd);
		close(taken);
	}
	return NULL;
}

/* Its address becomes where visit() goes. */
static int listen_anywhere(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		fail("listen");
	return fd;
}

static double clock_now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc == 6) {
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.sin_port = htons((uint16_t)atoi(argv[3]));
		peers(atoi(argv[2]), atoi(argv[4]), atoi(argv[5]));
	}
	if (argc != 3)
		return 2;
	int listener = listen_anywhere(), commands[2], answers[2];
	struct rlimit limit;

	int count = atoi(argv[1]), seconds = atoi(argv[2]);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (pipe(commands) || pipe(answers))
		fail("pipe");
	pid_t between = fork();
	if (!between) {
		/* No child of ours: who looks at a server sees no clients among its family. */
		if (fork())
			_exit(0);
		char port[8], in[8], out[8];
		unsetenv("LD_PRELOAD");
		snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
		snprintf(in, sizeof in, "%d", commands[0]);
		snprintf(out, sizeof out, "%d", answers[1]);
		close(commands[1]);
		execl("/proc/self/exe", argv[0], "peers", argv[1], port, in, out, (char *)NULL);
		fail("exec");
	}
	waitpid(between, NULL, 0);
	close(commands[0]);
	close(answers[1]);
	for (int i = 0; i < count; i++) {
		char byte = 1;
		if (write(commands[1], &byte, 1) != 1)
			fail("write");
		int fd = doors[i % 4](listener);
		if (fd < 0)
			fail("accept");
		if (read(answers[0], &byte, 1) != 1)
			fail("read");
		if (i % 10 == 0 && recv(fd, &byte, 1, 0) != 0)
			fail("recv");
	}
	/* Of their own: a number that is used again must not meet one of those that wait. */
	int echo = accept(listener, NULL, NULL), busy = listen_anywhere();
	pthread_t threads[2];
	puts("ready");
	fflush(stdout);
	pthread_create(&threads[0], NULL, converse, &echo);
	pthread_create(&threads[1], NULL, come_and_go, &busy);
	/* The wall's, and those of the threads. */
	clockid_t clocks[3] = { CLOCK_MONOTONIC };
	for (int i = 0; i < 2; i++)
		pthread_getcpuclockid(threads[i], &clocks[i + 1]);
	double began = clock_now(CLOCK_MONOTONIC), last[3] = { 0 };
	unsigned long before[2] = { 0 };
	for (bool first = true;; first = false) {
		struct pollfd input = { .fd = 0, .events = POLLIN };
		double passed[3];
		unsigned long work[2] = { trips, connections };
		for (int i = 0; i < 3; i++) {
			double time = clock_now(clocks[i]);
			passed[i] = time - last[i];
			last[i] = time;
		}
		if (!first)
			printf("%.0f %.0f %.0f %.0f\n", (double)(work[0] - before[0]) / passed[0],
			       (double)(work[1] - before[1]) / passed[0],
			       (double)(work[0] - before[0]) / passed[1],
			       (double)(work[1] - before[1]) / passed[2]);
		fflush(stdout);
		memcpy(before, work, sizeof before);
		if ((seconds && last[0] - began >= seconds) ||
		    poll(&input, seconds ? 0 : 1, 2000) > 0)
			break;
	}
	return 0;
}
