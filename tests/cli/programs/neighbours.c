/* SPDX-License-Identifier: MIT */
/*
 * Two threads at the same work, one after the other, each on sockets of its own whose numbers are
 * neighbours of the other's: for who writes down every load and store (tests/cli/shared_lines).
 * `neighbours WORK...`; a store to a mark's `began` begins a thread's turn at a work, one to its
 * `ended` ends it. Prints their addresses, and what is mapped where.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROUNDS 3

static struct turn {
	_Alignas(128) int ends[2];
	int epoll;
} turns[2];

static _Alignas(4096) char stacks[2][128 * 1024];

/* For who watches: a line that both write, each a word of its own. */
static _Alignas(128) volatile uint64_t counts[2];

static void need(int condition)
{
	if (!condition)
		exit(3);
}

static void data(struct turn *turn)
{
	char text[4] = "abc";
	struct iovec part = { text, 3 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct pollfd polled = { .fd = turn->ends[1], .events = POLLIN };
	struct epoll_event event;
	int from = turn->ends[0], to = turn->ends[1];

	for (int round = 0; round < ROUNDS; round++) {
		need(send(from, text, 3, 0) == 3 && poll(&polled, 1, 0) == 1 &&
		     epoll_wait(turn->epoll, &event, 1, 0) == 1 && recv(to, text, 3, 0) == 3);
		need(recv(to, text, 3, MSG_DONTWAIT) < 0);
		need(write(from, text, 3) == 3 && read(to, text, 3) == 3);
		need(writev(from, &part, 1) == 3 && readv(to, &part, 1) == 3);
		need(sendmsg(from, &message, 0) == 3 && recvmsg(to, &message, 0) == 3);
		/* And back, as an answer goes. */
		need(sendto(to, text, 3, 0, NULL, 0) == 3 &&
		     recvfrom(from, text, 3, 0, NULL, NULL) == 3);
	}
}

static void counted_data(struct turn *turn)
{
	counts[turn - turns]++;
	data(turn);
}

/* Both on the first one's sockets. */
static void same_data(struct turn *turn)
{
	(void)turn;
	data(&turns[0]);
}

static void connections(struct turn *turn)
{
	int ends[2];

	(void)turn;
	for (int round = 0; round < ROUNDS; round++)
		need(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends) && !close(ends[0]) &&
		     !close(ends[1]));
}

static const struct work {
	const char *name;
	void (*carry_out)(struct turn *turn);
} works[] = { { "data", data },
	      { "counted", counted_data },
	      { "same", same_data },
	      { "connections", connections } };

#define CHOSEN_MAX 8
static struct chosen {
	const struct work *work;
	struct mark {
		_Alignas(128) volatile uint64_t began;
		volatile uint64_t ended;
	} marks[2];
} chosen[CHOSEN_MAX];
static int chosen_count;

static void *take_turns(void *argument)
{
	struct turn *turn = argument;

	for (int i = 0; i < chosen_count; i++) {
		struct mark *mark = &chosen[i].marks[turn - turns];

		/* A thread's first use of a socket is another matter. */
		chosen[i].work->carry_out(turn);
		mark->began = 1;
		chosen[i].work->carry_out(turn);
		mark->ended = 1;
	}
	/* The next one's connections get other numbers. */
	need(open("/dev/null", O_RDONLY) >= 0 && open("/dev/null", O_RDONLY) >= 0);
	return NULL;
}

static void show(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	printf("main %lx\n", (unsigned long)line);
	for (int i = 0; i < chosen_count; i++)
		for (int j = 0; j < 2; j++)
			printf("turn %s %lx %lx\n", chosen[i].work->name,
			       (unsigned long)&chosen[i].marks[j].began,
			       (unsigned long)&chosen[i].marks[j].ended);
	while (maps && fgets(line, sizeof line, maps))
		printf("map %s", line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int first[2], second[2];

	for (int i = 1; i < argc && i <= CHOSEN_MAX; i++)
		for (size_t j = 0; j < sizeof works / sizeof works[0]; j++)
			if (!strcmp(argv[i], works[j].name))
				chosen[chosen_count++].work = &works[j];
	if (!chosen_count || socketpair(AF_UNIX, SOCK_STREAM, 0, first) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, second))
		return 2;
	for (int i = 0; i < 2; i++) {
		struct turn *turn = &turns[i];
		struct epoll_event event = { .events = EPOLLIN };

		turn->ends[0] = i ? second[0] : first[0];
		turn->ends[1] = i ? second[1] : first[1];
		turn->epoll = epoll_create1(EPOLL_CLOEXEC);
		need(!epoll_ctl(turn->epoll, EPOLL_CTL_ADD, turn->ends[1], &event));
	}
	show();
	/* One has ended when the other begins; neither gets memory that was the other's. */
	for (int i = 0; i < 2; i++) {
		pthread_attr_t attributes;
		pthread_t thread;

		need(!pthread_attr_init(&attributes) &&
		     !pthread_attr_setstack(&attributes, stacks[i], sizeof stacks[i]) &&
		     !pthread_create(&thread, &attributes, take_turns, &turns[i]) &&
		     !pthread_join(thread, NULL));
	}
	return 0;
}
