/* SPDX-License-Identifier: MIT */
/*
 * soak_clients PORT THREADS PLANTED: connects to soak_server as fast as it can, in all the ways of
 * soak.h by turns, and counts what it did. PLANTED leaks of each kind are asked for before and as
 * many after. Each line of its input is answered with the counts so far, as JSON; at the input's
 * end the threads finish, and the last counts are printed.
 *
 * Each thread connects from addresses of its own, so that the ports last: those in TIME_WAIT
 * are of many addresses.
 */
#include "soak.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in server;
static atomic_ulong done[SOAK_COUNT];
static atomic_int over;

static void must(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	_exit(2);
}

static int connect_from(unsigned thread, unsigned turn)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	own.sin_addr.s_addr = htonl(127u << 24 | 1u << 16 | thread << 8 | (turn % 250 + 1));
	/* connect() chooses the port then, and one in use toward another address will do. */
	must(fd >= 0 && !setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) &&
		     !bind(fd, (struct sockaddr *)&own, sizeof own) &&
		     !connect(fd, (struct sockaddr *)&server, sizeof server),
	     "soak_clients: connect");
	return fd;
}

static void visit(enum soak_kind kind, unsigned thread, unsigned turn)
{
	struct linger at_once = { 1, 0 };
	int fd = connect_from(thread, turn);
	char byte;

	must(send(fd, &soak_kinds[kind].letter, 1, MSG_NOSIGNAL) == 1, "soak_clients: send");
	must(recv(fd, &byte, 1, 0) == 1, "soak_clients: no answer");
	if (kind == SOAK_first)
		must(recv(fd, &byte, 1, 0) == 0, "soak_clients: no EOF");
	if (kind == SOAK_reset || kind == SOAK_leak_error)
		must(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "linger");
	must(!close(fd), "soak_clients: close");
	done[kind]++;
}

/* The rarest kind whose turn it is. */
static enum soak_kind kind_of(unsigned turn)
{
	enum soak_kind kind = SOAK_eof;

	for (enum soak_kind i = 0; i < SOAK_COUNT; i++)
		if (soak_kinds[i].every && turn % soak_kinds[i].every == 0)
			kind = i;
	return kind;
}

static void *work(void *number)
{
	unsigned thread = (unsigned)(long)number;

	for (unsigned turn = 0; !over; turn++)
		visit(kind_of(turn), thread, turn);
	return NULL;
}

static void plant(unsigned count, unsigned first)
{
	for (enum soak_kind kind = 0; kind < SOAK_COUNT; kind++)
		for (unsigned i = 0; i < count && !soak_kinds[kind].every; i++)
			visit(kind, 0, first + i);
}

static void print_counts(void)
{
	for (enum soak_kind kind = 0; kind < SOAK_COUNT; kind++)
		printf("%s\"%s\": %lu", kind ? ", " : "{", soak_kinds[kind].name, done[kind]);
	puts("}");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	unsigned count = argc > 3 ? (unsigned)atoi(argv[2]) : 0;

	must(count && count <= 64, "usage: soak_clients PORT THREADS PLANTED");
	server.sin_family = AF_INET;
	server.sin_port = htons((unsigned short)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	plant((unsigned)atoi(argv[3]), 0);
	for (unsigned i = 0; i < count; i++)
		must(!pthread_create(&threads[i], NULL, work, (void *)(i + 1L)), "pthread_create");
	for (int c; (c = getchar()) != EOF;)
		if (c == '\n')
			print_counts();
	over = 1;
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	plant((unsigned)atoi(argv[3]), 100);
	print_counts();
	return 0;
}
