/* SPDX-License-Identifier: MIT */
/*
 * main() forgets a socket after its EOF and returns while a thread sits in getchar(), which holds
 * the lock of stdin for ever. What stands in the buffer of stdout must be written all the same.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void *reader(void *unused)
{
	getchar();
	return unused;
}

int main(void)
{
	pthread_t thread;
	char byte;
	int silence[2], pair[2];

	/* A standard input that says nothing. */
	if (pipe(silence) || dup2(silence[0], STDIN_FILENO) < 0 ||
	    pthread_create(&thread, NULL, reader, NULL))
		return 3;
	while (ftrylockfile(stdin) == 0) {
		funlockfile(stdin);
		sched_yield();
	}
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	close(pair[1]);
	printf("read %zd\n", read(pair[0], &byte, 1));
	return 0;
}
