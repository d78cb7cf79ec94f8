/* SPDX-License-Identifier: MIT */
/*
 * Programs whose stacks are of different kinds, each opening and closing sockets: `stacks_users
 * KIND TIMES`. Says "ready" when it has done so, and waits until its standard input ends: who wants
 * to know looks at it meanwhile.
 *
 *   pool        eight threads serve what one accepts: request, answer, EOF, close
 *   each        a thread for each connection, four at once
 *   mapped      a thousand coroutines by turns (makecontext), on stacks of mmap()
 *   malloced    the same on stacks of malloc(), which lie anywhere in their pages
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#define WORKERS	 8
#define AT_ONCE	 4
#define ROUTINES 1000
#define STACK	 16384

static long times;
static int listener;
static struct sockaddr_in server;

static void need(int condition)
{
	if (!condition) {
		perror("stacks_users");
		exit(3);
	}
}

static void listen_here(void)
{
	socklen_t size = sizeof server;

	server = (struct sockaddr_in){ .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM, 0);
	need(bind(listener, (struct sockaddr *)&server, size) == 0 && listen(listener, 64) == 0 &&
	     getsockname(listener, (struct sockaddr *)&server, &size) == 0);
}

__attribute__((noinline)) static void serve(int fd)
{
	char text[64];
	ssize_t size;

	while ((size = recv(fd, text, sizeof text, 0)) > 0)
		need(send(fd, text, (size_t)size, 0) == size);
	need(close(fd) == 0);
}

__attribute__((noinline)) static void ask(void)
{
	char text[64] = "a question";
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	need(connect(fd, (struct sockaddr *)&server, sizeof server) == 0);
	need(send(fd, text, sizeof text, 0) > 0 && recv(fd, text, sizeof text, 0) > 0);
	need(close(fd) == 0);
}

/* Descriptors that were accepted; a pipe hands them out. */
static int queue[2];

static void *work(void *argument)
{
	int fd;

	while (read(queue[0], &fd, sizeof fd) == sizeof fd)
		serve(fd);
	return argument;
}

static void *accept_all(void *argument)
{
	for (long i = 0; i < times; i++) {
		int fd = accept(listener, NULL, NULL);

		need(fd >= 0 && write(queue[1], &fd, sizeof fd) == sizeof fd);
	}
	return argument;
}

static void pool(void)
{
	pthread_t acceptor, workers[WORKERS];

	listen_here();
	need(pipe(queue) == 0 && pthread_create(&acceptor, NULL, accept_all, NULL) == 0);
	for (int i = 0; i < WORKERS; i++)
		need(pthread_create(&workers[i], NULL, work, NULL) == 0);
	for (long i = 0; i < times; i++)
		ask();
	close(queue[1]);
	pthread_join(acceptor, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
}

static void *serve_one(void *argument)
{
	serve(accept(listener, NULL, NULL));
	return argument;
}

static void each(void)
{
	pthread_t threads[AT_ONCE];

	listen_here();
	for (long i = 0; i < times; i += AT_ONCE) {
		for (int j = 0; j < AT_ONCE; j++)
			need(pthread_create(&threads[j], NULL, serve_one, NULL) == 0);
		for (int j = 0; j < AT_ONCE; j++)
			ask();
		for (int j = 0; j < AT_ONCE; j++)
			pthread_join(threads[j], NULL);
	}
}

static ucontext_t scheduler, routines[ROUTINES];

static void yield(int self)
{
	swapcontext(&routines[self], &scheduler);
}

__attribute__((noinline)) static void open_pair(int ends[2])
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

__attribute__((noinline)) static void close_one(int fd)
{
	need(close(fd) == 0);
}

static void routine(int self)
{
	for (;;) {
		int ends[2];

		open_pair(ends);
		yield(self);
		close_one(ends[0]);
		yield(self);
		close_one(ends[1]);
	}
}

static void routine_make(int self, int mapped)
{
	void *stack = mapped ? mmap(NULL, STACK, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
			     : malloc(STACK + (size_t)(self * 1021 % 4096));

	need(stack && stack != MAP_FAILED);
	need(getcontext(&routines[self]) == 0);
	routines[self].uc_stack.ss_sp = stack;
	routines[self].uc_stack.ss_size = STACK;
	makecontext(&routines[self], (void (*)(void))routine, 1, self);
}

static void coroutines(int mapped)
{
	for (int i = 0; i < ROUTINES; i++)
		routine_make(i, mapped);
	/* Three turns make one opening and two closings. */
	for (long turn = 0; turn < 3 * times; turn++)
		need(swapcontext(&scheduler, &routines[turn % ROUTINES]) == 0);
}

int main(int argc, char **argv)
{
	char byte;

	if (argc != 3)
		return 2;
	times = atol(argv[2]);
	if (!strcmp(argv[1], "pool"))
		pool();
	else if (!strcmp(argv[1], "each"))
		each();
	else
		coroutines(!strcmp(argv[1], "mapped"));
	puts("ready");
	fflush(stdout);
	return read(STDIN_FILENO, &byte, 1) < 0;
}
