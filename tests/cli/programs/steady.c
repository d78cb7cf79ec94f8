/* SPDX-License-Identifier: MIT */
/*
 * steady: two threads that open, use and close sockets for as long as they are let, while somebody
 * attaches to the process. Says "ready" whenever both have done fifty more rounds; one socket is
 * leaked, in leaks().
 */
#include "loopback.h"
#include "talk.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 2, TURNS = 4, ROUNDS = 50 };

static atomic_uint rounds[THREADS], opened, closed, wrong;
static atomic_int over;
static struct sockaddr_in address;
static int listener;

static void round_of_calls(void)
{
	char byte = 'x';
	int client = socket(AF_INET, SOCK_STREAM, 0);

	wrong += connect(client, (struct sockaddr *)&address, sizeof address) != 0;
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	opened += 2;
	wrong += send(client, &byte, 1, 0) != 1 || close(client) != 0;
	/* The two threads may have got each other's: both have a byte and then an end. */
	wrong += recv(server, &byte, 1, 0) != 1 || recv(server, &byte, 1, 0) != 0;
	wrong += close(server) != 0;
	closed += 2;
}

static void *work(void *number)
{
	while (!over) {
		round_of_calls();
		rounds[(long)number]++;
	}
	return NULL;
}

__attribute__((noinline)) static void leaks(void)
{
	int pair[2];
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[1]) == 0);
	ssize_t n = recv(pair[0], &byte, 1, 0);
	NEED(n == 0);
	opened += 2;
	closed++;
}

int main(void)
{
	pthread_t threads[THREADS];

	NEED((listener = loopback_listen(&address)) >= 0);
	opened++;
	leaks();
	for (long i = 0; i < THREADS; i++)
		NEED(!pthread_create(&threads[i], NULL, work, (void *)i));
	for (int turn = 0; turn < TURNS; turn++) {
		for (int i = 0; i < THREADS; i++)
			for (unsigned before = rounds[i]; rounds[i] - before < ROUNDS;)
				sched_yield();
		talk_ready();
	}
	over = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	fprintf(stderr, "# opened %u closed %u\n", opened, closed);
	printf("wrong %u\n", wrong);
	return 3;
}
