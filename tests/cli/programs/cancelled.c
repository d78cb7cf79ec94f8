/* SPDX-License-Identifier: MIT */
/*
 * Threads cancelled inside recv, accept and close, deferred and asynchronously: what is closed,
 * what stays open, what is then closed by another; with its own counts.
 */
#include "loopback.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

static unsigned opened, closed;
static sem_t ready;
static int asynchronous;

struct task {
	int fd;
	enum { IN_RECV, IN_ACCEPT, IN_CLOSE, IN_LOOP } where;
};

static void set_type(void)
{
	int before;

	pthread_setcanceltype(asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED,
			      &before);
}

static void *work(void *argument)
{
	struct task *task = argument;
	char byte;
	int before;

	switch (task->where) {
	case IN_RECV:
		set_type();
		sem_post(&ready);
		recv(task->fd, &byte, 1, 0);
		break;
	case IN_ACCEPT:
		set_type();
		sem_post(&ready);
		accept(task->fd, NULL, NULL);
		break;
	case IN_CLOSE:
		/* The cancellation is there before the close. */
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
		sem_post(&ready);
		sem_wait((sem_t *)((char *)task + sizeof *task));
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
		close(task->fd);
		break;
	case IN_LOOP:
		set_type();
		sem_post(&ready);
		for (;;)
			recv(task->fd, &byte, 1, MSG_DONTWAIT);
	}
	return NULL;
}

static void cancel(const char *what, int fd, int where)
{
	struct {
		struct task task;
		sem_t go;
	} both = { .task = { fd, where } };
	pthread_t thread;
	void *result;

	sem_init(&both.go, 0, 0);
	pthread_create(&thread, NULL, work, &both);
	sem_wait(&ready);
	if (where != IN_CLOSE)
		usleep(3000); /* most often it is inside by now; before or after, the outcome is the
				 same */
	pthread_cancel(thread);
	sem_post(&both.go);
	pthread_join(thread, &result);
	printf("%s: %s, then %s\n", what, result == PTHREAD_CANCELED ? "cancelled" : "returned",
	       fcntl(fd, F_GETFD) >= 0 ? "open" : "closed");
}

static void close_it(int fd)
{
	int result = close(fd);

	closed += result == 0;
	printf("close = %d %d\n", result, result ? errno : 0);
}

static void all(void)
{
	struct sockaddr_in address;
	char byte;
	int pair[2], listener = loopback_listen(&address);

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	opened += 3;
	cancel("recv", pair[0], IN_RECV);
	cancel("accept", listener, IN_ACCEPT);
	cancel("recv in a loop", pair[0], IN_LOOP);
	cancel("close", pair[0], IN_CLOSE);
	cancel("close of a listener", listener, IN_CLOSE);
	/* What stayed open still works. */
	if (fcntl(pair[0], F_GETFD) >= 0) {
		printf("write %zd\n", write(pair[0], "x", 1));
		printf("read %zd\n", read(pair[1], &byte, 1));
	}
	close_it(pair[0]);
	close_it(listener);
	close_it(pair[1]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	sem_init(&ready, 0, 0);
	for (asynchronous = 0; asynchronous < 2; asynchronous++)
		for (int i = 0; i < 10; i++)
			all();
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
