/* SPDX-License-Identifier: MIT */
/*
 * Threads side by side, each on sockets of its own: `threads WORK THREADS TIMES` shares TIMES of
 * the work among them and prints how many a second came to.
 *
 *   connections  socket, connect, accept and both closes on loopback TCP, a listener each
 *   data         a send and a recv on a connection of its own
 *   first        a pair of sockets opened and closed, each in a thread of its own, THREADS at once
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

static pthread_barrier_t barrier;
static long times_each;
static void (*work)(long times);

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void need(int condition)
{
	if (!condition) {
		perror("threads");
		exit(3);
	}
}

static void begin(void)
{
	pthread_barrier_wait(&barrier);
}

static void connections(long times)
{
	struct sockaddr_in server = { .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof server;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	need(bind(listener, (struct sockaddr *)&server, size) == 0 && listen(listener, 16) == 0 &&
	     getsockname(listener, (struct sockaddr *)&server, &size) == 0);
	begin();
	for (long i = 0; i < times; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		need(connect(client, (struct sockaddr *)&server, sizeof server) == 0);
		int accepted = accept(listener, NULL, NULL);
		need(accepted >= 0 && close(client) == 0 && close(accepted) == 0);
	}
}

static void data(long times)
{
	char text[64] = "";
	int ends[2];

	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	begin();
	for (long i = 0; i < times; i++)
		need(send(ends[0], text, sizeof text, 0) == sizeof text &&
		     recv(ends[1], text, sizeof text, 0) == sizeof text);
}

static void *run(void *argument)
{
	(void)argument;
	work(times_each);
	return NULL;
}

static void *open_and_close(void *argument)
{
	int ends[2];

	(void)argument;
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && close(ends[0]) == 0 &&
	     close(ends[1]) == 0);
	return NULL;
}

/* Threads that live for one connection. */
static void first(unsigned threads, long times)
{
	pthread_t all[THREADS_MAX];

	for (long made = 0; made < times; made += threads) {
		for (unsigned i = 0; i < threads; i++)
			need(pthread_create(&all[i], NULL, open_and_close, NULL) == 0);
		for (unsigned i = 0; i < threads; i++)
			pthread_join(all[i], NULL);
	}
}

int main(int argc, char **argv)
{
	unsigned threads = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
	long times = argc == 4 ? atol(argv[3]) : 0;
	pthread_t all[THREADS_MAX];

	if (threads < 1 || threads > THREADS_MAX || times < threads)
		return 2;
	double start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
	if (!strcmp(argv[1], "first")) {
		first(threads, times);
	} else {
		work = !strcmp(argv[1], "data") ? data : connections;
		times_each = times / threads;
		pthread_barrier_init(&barrier, NULL, threads + 1);
		for (unsigned i = 0; i < threads; i++)
			need(pthread_create(&all[i], NULL, run, NULL) == 0);
		begin();
		start = now(CLOCK_MONOTONIC);
		used = now(CLOCK_PROCESS_CPUTIME_ID);
		for (unsigned i = 0; i < threads; i++)
			pthread_join(all[i], NULL);
	}
	double done = (double)(times - times % threads);
	printf("%.1f %.4f\n", done / (now(CLOCK_MONOTONIC) - start),
	       (now(CLOCK_PROCESS_CPUTIME_ID) - used) / done * 1e6);
	return 0;
}
