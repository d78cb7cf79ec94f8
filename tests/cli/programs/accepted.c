/* SPDX-License-Identifier: MIT */
/*
 * accepted: connections whose peers' addresses are wanted in all the ways that there are, each told
 * as "KIND NUMBER PORT", read to their end, and leaked; then it is killed.
 */
#include "loopback.h"
#include "talk.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

static struct sockaddr_in server;
static int listener;

static unsigned client(void)
{
	struct sockaddr_in own;
	socklen_t size = sizeof own;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	NEED(connect(fd, (struct sockaddr *)&server, sizeof server) == 0 &&
	     getsockname(fd, (struct sockaddr *)&own, &size) == 0 && close(fd) == 0);
	return ntohs(own.sin_port);
}

/* Of `room` bytes, what fits is told, and how many it would have been. */
static void accepts(const char *kind, struct sockaddr_in *address, socklen_t *size, socklen_t room)
{
	unsigned port = client();
	char byte;

	if (size)
		*size = room;
	int fd = accept(listener, (struct sockaddr *)address, size);
	NEED(fd >= 0 && (!address || *size == sizeof *address) &&
	     (room < sizeof *address || ntohs(address->sin_port) == port));
	NEED(recv(fd, &byte, 1, 0) == 0);
	printf("%s %d %u\n", kind, fd, port);
}

static void refuses(void *address, void *size)
{
	client();
	NEED(accept(listener, address, size) == -1 && errno == EFAULT);
}

static void all(const char *where)
{
	struct sockaddr_in near, *far = malloc(sizeof *far);
	static struct sockaddr_in fixed;
	socklen_t size, *far_size = malloc(sizeof *far_size);
	char kind[64];
	const struct {
		const char *name;
		struct sockaddr_in *address;
		socklen_t *size, room;
	} ways[] = { { "near", &near, &size, sizeof near },
		     { "far", far, &size, sizeof *far },
		     { "fixed", &fixed, &size, sizeof fixed },
		     { "all_far", far, far_size, sizeof *far },
		     { "short", &near, &size, 6 },
		     { "none", &near, &size, 0 },
		     { "null", NULL, NULL, 0 } };

	for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		snprintf(kind, sizeof kind, "%s.%s", where, ways[i].name);
		memset(&near, 'x', sizeof near);
		accepts(kind, ways[i].address, ways[i].size, ways[i].room);
	}
	size = sizeof near;
	refuses((void *)8, &size);
	refuses(&near, (void *)8);
	free(far_size);
	free(far);
}

static char *top;

static void refuses_above_the_stack(void)
{
	refuses(malloc(64), top + 16);
}

/* As near to the top of a stack as can be: what lies above it is not there. */
static void refuses_at_the_edge(void)
{
	static ucontext_t here, there;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 16 * page;
	char *stack =
		mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(stack != MAP_FAILED && mprotect(stack + size, page, PROT_NONE) == 0);
	top = stack + size;
	NEED(getcontext(&there) == 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = size;
	there.uc_link = &here;
	makecontext(&there, refuses_above_the_stack, 0);
	NEED(swapcontext(&here, &there) == 0);
}

static void *thread(void *unused)
{
	(void)unused;
	all("thread");
	return NULL;
}

int main(void)
{
	pthread_t other;

	listener = loopback_listen(&server);
	refuses_at_the_edge();
	all("alone");
	NEED(pthread_create(&other, NULL, thread, NULL) == 0 && pthread_join(other, NULL) == 0);
	fflush(stdout);
	raise(SIGKILL);
}
