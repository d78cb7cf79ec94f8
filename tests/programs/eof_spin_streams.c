/* SPDX-License-Identifier: MIT */
/* TEST live_grace=default grace=default kill=no cflags=-pthread */
/* A half-close at work: the peer has sent its request and said so, and a loop that polls for both
 * directions reads 0 beside each piece of the answer. It closes when the answer is out. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static atomic_int over;

static void *answer(void *with)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	int fd = *(int *)with;
	char byte = 'x';

	for (int i = 0; !over; i++) {
		expect(recv(fd, &byte, 1, 0) == 0);
		if (i % 10 == 0)
			must(send(fd, &byte, 1, MSG_NOSIGNAL));
		nanosleep(&pause, NULL);
	}
	must(close(fd));
	return NULL;
}

int main(void)
{
	int listener = stage_listen(), client = peer_connect(stage_port(listener));
	int fd = must(accept(listener, NULL, NULL));
	char byte;
	pthread_t thread;

	peer_half_close(client);
	for (int i = 0; i < 1000; i++)
		expect(recv(fd, &byte, 1, 0) == 0);
	expect(!pthread_create(&thread, NULL, answer, &fd));
	/* Past the grace of a spin. */
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 300000000 }, NULL);
	stage_ready();
	over = 1;
	pthread_join(thread, NULL);
	return 0;
}
