/* SPDX-License-Identifier: MIT */
/* A daemon closes all that is open, and a library's destructor then closes what it thinks its own:
 * the number was taken from it, it did not close twice. Silent. */
#include "stage/stage.h"

static int of_the_library;

__attribute__((destructor)) static void library_ends(void)
{
	expect(close(of_the_library) == -1 && errno == EBADF);
}

int main(void)
{
	of_the_library = must(socket(AF_INET, SOCK_DGRAM, 0));
	closefrom(3);
	stage_ready();
	return 0;
}
