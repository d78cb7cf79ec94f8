/* SPDX-License-Identifier: MIT */
/* A program that lowers its limit, meets it, and gives everything back: told, as what it was. */
#include "stage/limit.h"
#include "stage/stage.h"

int main(void)
{
	int fds[30];

	/* EXPECT descriptors-running-out opened count=1 severity=warning says=once */
	must(socket(AF_INET, SOCK_STREAM, 0));
	limit_to_further(30);
	for (int i = 0; i < 30; i++)
		fds[i] = must(dup(0));
	/* EXPECT descriptors-running-out evidence call=socket errno=EMFILE */
	expect(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EMFILE);
	for (int i = 0; i < 30; i++)
		must(close(fds[i]));
	stage_ready();
	return 0;
}
