/* SPDX-License-Identifier: MIT */
/* RLIMIT_NOFILE, as it leaves room for an exact number. */
#ifndef SOCKAUDIT_TESTS_LIMIT_H
#define SOCKAUDIT_TESTS_LIMIT_H

#include "stage.h"
#include <fcntl.h>
#include <sys/resource.h>

/* From now on exactly so many more descriptors can be had. */
static inline void limit_to_further(int count)
{
	struct rlimit limit;
	int end = 0;

	for (must(getrlimit(RLIMIT_NOFILE, &limit)); count; end++)
		count -= fcntl(end, F_GETFD) < 0;
	limit.rlim_cur = (rlim_t)end;
	if (limit.rlim_cur > limit.rlim_max) {
		fprintf(stderr, "RLIMIT_NOFILE allows no more than %lu here\n",
			(unsigned long)limit.rlim_max);
		exit(77);
	}
	must(setrlimit(RLIMIT_NOFILE, &limit));
}

#endif
