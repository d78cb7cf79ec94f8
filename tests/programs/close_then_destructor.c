/* SPDX-License-Identifier: MIT */
/* The twin of closefrom_then_destructor: the very number was closed by name, and the destructor
 * closes it again. */
#include "stage/stage.h"

static int of_the_library;

__attribute__((destructor)) static void library_ends(void)
{
	int closed = close(of_the_library); /* EXPECT double-close evidence when=exit */
	expect(closed == -1 && errno == EBADF);
}

int main(void)
{
	of_the_library = must(socket(AF_INET, SOCK_DGRAM, 0)); /* EXPECT double-close opened */
	must(close(of_the_library));			       /* EXPECT double-close closed */
	stage_ready();
	return 0;
}
