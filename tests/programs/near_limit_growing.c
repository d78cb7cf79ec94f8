/* SPDX-License-Identifier: MIT */
/* TEST kill=no moving=yes */
/* The near twin of near_limit_steady: most are in use, and while somebody looks there are ever
 * more. */
#include "stage/limit.h"
#include "stage/pool.h"
#include <pthread.h>

static void pair_make(void)
{
	int pair[2];

	/* EXPECT descriptors-running-out opened count=any severity=warning when=live */
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static void *more(void *unused)
{
	struct timespec pause = { 0, 4000000 };

	for (int i = 0; i < 900; i++) {
		pair_make();
		nanosleep(&pause, NULL);
	}
	return unused;
}

int main(void)
{
	pthread_t thread;

	limit_to_further(12000);
	for (int i = 0; i < 4960; i++)
		pair_make();
	expect(!pthread_create(&thread, NULL, more, NULL));
	for (int i = 0; i < 12; i++)
		pool_pause();
	stage_ready();
	return 0;
}
