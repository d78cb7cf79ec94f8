/* SPDX-License-Identifier: MIT */
/* Nearly all descriptors are in use, and have been all the time: a limit that fits. Silent. */
#include "stage/limit.h"
#include "stage/pool.h"

int main(void)
{
	int pair[2];

	limit_to_further(100);
	for (int i = 0; i < 48; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (int i = 0; i < 4; i++)
		pool_pause();
	stage_ready();
	return 0;
}
