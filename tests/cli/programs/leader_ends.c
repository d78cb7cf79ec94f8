/* SPDX-License-Identifier: MIT */
/* The main thread ends by pthread_exit(); another one goes on, reads a peer's end, says so, and
 * waits for its standard input's. Status 6. */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_t leader;

static void *works_on(void *with)
{
	int pair[2];
	char byte;

	pthread_join(leader, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || close(pair[0]) ||
	    recv(pair[1], &byte, 1, 0) != 0)
		_exit(3);
	dprintf(1, "ready\n");
	if (read(0, &byte, 1) != 0)
		_exit(4);
	_exit(6);
	return with;
}

int main(void)
{
	pthread_t worker;

	leader = pthread_self();
	if (pthread_create(&worker, NULL, works_on, NULL))
		return 2;
	pthread_exit(NULL);
}
