/* SPDX-License-Identifier: MIT */
/* What the programs with a pool of connections share. */
#ifndef SOCKAUDIT_TESTS_POOL_H
#define SOCKAUDIT_TESTS_POOL_H

#include "peer.h"
#include "stage.h"
#include <time.h>

/* A request and its whole answer. */
static inline void pool_exchange(int fd, int handle)
{
	char answer[100];

	must(send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL));
	peer_receive(handle, 18);
	peer_send(handle, sizeof(answer));
	expect(recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer));
}

/* Time, which is what this is about: what happens within a few milliseconds is one moment in a
 * site's history. */
static inline void pool_pause(void)
{
	struct timespec pause = { 0, 60000000 };

	nanosleep(&pause, NULL);
}

/* Four connections that are used twice each, idle until the server ends them. */
static inline void pool_four_go_stale(int port, int (*acquire)(int port), int fds[4],
				      int handles[4])
{
	for (int i = 0; i < 4; i++) {
		fds[i] = acquire(port);
		handles[i] = peer_accept();
		pool_exchange(fds[i], handles[i]);
		pool_exchange(fds[i], handles[i]);
	}
	pool_pause();
	for (int i = 0; i < 4; i++)
		peer_finish(handles[i]);
	pool_pause();
}

#endif
