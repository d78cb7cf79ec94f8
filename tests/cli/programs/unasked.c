/* SPDX-License-Identifier: MIT */
/*
 * unasked replaced|reset|shut|spin|copy|vfork|table: an EOF that nobody asked about, since nothing
 * was opened or read to its end after it. `replaced`: closed behind libc, and another socket, which
 * the kernel lists nowhere, has the number. The others leak it, in leaks(): `reset` by its peer
 * meanwhile, so that it is listed nowhere either; `shut` down, to the same effect; read again and
 * again; held by a `copy`; or asked about by somebody who has another table of descriptors.
 */
#include "../../programs/stage/raw.h"
#include "loopback.h"
#include "talk.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct sockaddr_in server;
static int kept;

__attribute__((noinline)) static int leaks(int listener)
{
	char byte;
	int peer = raw_socket(AF_INET, SOCK_STREAM);

	NEED(raw_connect(peer, &server, sizeof server) == 0);
	int fd = accept(listener, NULL, NULL);
	NEED(fd >= 0 && raw_close(peer) == 0 && recv(fd, &byte, 1, 0) == 0);
	return fd;
}

static void be_reset(int fd)
{
	struct pollfd wait = { .fd = fd };

	/* Nobody is there to receive it. Waited for past the hooks: they would be told. */
	NEED(send(fd, "x", 1, MSG_NOSIGNAL) == 1);
	while (!(wait.revents & POLLERR))
		NEED(raw_call(SYS_poll, (long)&wait, 1, -1, 0, 0, 0) == 1);
}

/* With tables of their own: theirs lack the number, and they open something. */
static void child_opens(void)
{
	int pair[2], status;
	char byte;

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	kept = leaks(kept);
	pid_t child = vfork();
	if (!child) {
		close(kept);
		shutdown(pair[1], SHUT_WR);
		_exit(recv(pair[0], &byte, 1, 0) != 0);
	}
	NEED(waitpid(child, &status, 0) == child && status == 0);
	/* Its end was told as ours, as what is done in a vfork() is. */
	NEED(close(pair[0]) == 0 && close(pair[1]) == 0);
}

static void *opens(void *unused)
{
	static int step;

	(void)unused;
	NEED(unshare(CLONE_FILES) == 0);
	__atomic_store_n(&step, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&kept, __ATOMIC_ACQUIRE))
		sched_yield();
	NEED(close(socket(AF_INET, SOCK_DGRAM, 0)) == 0);
	return NULL;
}

static void thread_opens(int listener)
{
	pthread_t thread;

	kept = 0;
	NEED(pthread_create(&thread, NULL, opens, NULL) == 0);
	/* It has its table before ours has the number. */
	usleep(50000);
	__atomic_store_n(&kept, leaks(listener), __ATOMIC_RELEASE);
	NEED(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
	NEED(argc == 2);
	const char *how = argv[1];
	char byte;
	int listener = kept = loopback_listen(&server);

	if (!strcmp(how, "vfork")) {
		child_opens();
	} else if (!strcmp(how, "table")) {
		thread_opens(listener);
	} else {
		int fd = leaks(listener);
		bool copied = !strcmp(how, "copy");

		if (!strcmp(how, "replaced")) {
			/* The first gets the peer's number. */
			NEED(raw_close(fd) == 0 && raw_socket(AF_INET, SOCK_STREAM) < fd &&
			     raw_socket(AF_INET, SOCK_STREAM) == fd);
		} else if (copied) {
			NEED(dup(fd) >= 0);
			be_reset(fd);
			NEED(close(fd) == 0);
		} else if (!strcmp(how, "shut")) {
			NEED(shutdown(fd, SHUT_WR) == 0);
			usleep(20000); /* it is acknowledged, and then the connection is none */
		} else {
			be_reset(fd);
		}
		for (int i = 0; i < 5000 && !strcmp(how, "spin"); i++)
			recv(fd, &byte, 1, 0);
	}
	talk_ready();
	if (!strcmp(how, "reset")) {
		NEED(socket(AF_INET, SOCK_STREAM, 0) >= 0);
		talk_ready();
	}
	return 0;
}
