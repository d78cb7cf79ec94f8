/* SPDX-License-Identifier: MIT */
/* Says "ready" where nothing moves, and waits until it is told to go on: the script looks at the
 * process meanwhile. */
#ifndef TALK_H
#define TALK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void talk_ready(void)
{
	char byte;

	puts("ready");
	fflush(stdout);
	/* Not stdio: its buffer would hold the next line. */
	if (read(STDIN_FILENO, &byte, 1) != 1)
		exit(3);
}

/* The test itself is broken: what it needs of libc or the kernel is not so. */
#define NEED(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			exit(2);                                                                   \
		}                                                                                  \
	} while (0)

#endif
