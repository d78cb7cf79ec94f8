/* SPDX-License-Identifier: MIT */
/*
 * copied_over SECONDS: one thread puts a socket that is at its end over another that is at its end,
 * again and again by dup2() on one number, as Java closes its sockets; the other reads from that
 * number. Everything goes through libc, so nothing has drifted.
 */
#include "talk.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

enum { NUMBER = 50 };

static atomic_int over;
static atomic_uint ends;

static void *reads(void *unused)
{
	char byte;

	while (!over)
		ends += recv(NUMBER, &byte, 1, MSG_DONTWAIT) == 0;
	return unused;
}

int main(int argc, char **argv)
{
	time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1) + 1;
	unsigned opened = 0, closed = 0, wrong = 0;
	pthread_t reader;
	int pair[2];

	NEED(!pthread_create(&reader, NULL, reads, NULL));
	while (time(NULL) < until) {
		NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		wrong += close(pair[1]) != 0 || dup2(pair[0], NUMBER) != NUMBER ||
			 close(pair[0]) != 0;
		opened += 2;
		closed += 2;
	}
	over = 1;
	pthread_join(reader, NULL);
	wrong += close(NUMBER) != 0;
	printf("wrong %u, read %d\n", wrong, ends > 0);
	printf("# opened %u closed %u\n", opened, closed);
	return 0;
}
