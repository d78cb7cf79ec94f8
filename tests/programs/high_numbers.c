/* SPDX-License-Identifier: MIT */
/* Numbers far beyond 1024, as servers of many connections have them. */
#include "stage/peer.h"
#include "stage/stage.h"
#include <fcntl.h>
#include <sys/resource.h>

int main(void)
{
	char byte;
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	must(setrlimit(RLIMIT_NOFILE, &limit));
	int listener = stage_listen(), base = (int)limit.rlim_cur - 10;
	for (int i = 0; i < 3; i++) {
		int client = peer_connect(stage_port(listener)),
		    low = must(accept(listener, NULL, NULL));
		/* EXPECT eof-not-closed opened count=2 */
		int fd = must(fcntl(low, F_DUPFD, base + i));

		expect(fd == base + i);
		must(close(low));
		peer_finish(client);
		expect(read(fd, &byte, 1) == 0); /* EXPECT eof-not-closed evidence */
		if (i == 0)
			must(close(fd));
	}
	stage_ready();
	return 0;
}
