/* SPDX-License-Identifier: MIT */
/* What is told around calls after which we may do less, by whatever name they are called. */
#ifndef HOOKS_LIMITS_H
#define HOOKS_LIMITS_H

#include "observe.h"
#include "process.h"
#include <linux/seccomp.h>
#include <sys/prctl.h>

/* A call that installs a filter. */
#define FILTERS(call)                                                                              \
	({                                                                                         \
		bool before_ = process_is_filtered();                                              \
		OBSERVE(process_filter(true));                                                     \
		long result_ = call;                                                               \
		if (result_ < 0 && !before_)                                                       \
			OBSERVE(process_filter(false));                                            \
		result_;                                                                           \
	})

/* Strict mode forbids the cycle counter, too. */
#define PRCTL(option, value, call)                                                                 \
	({                                                                                         \
		bool strict_ = (option) == PR_SET_SECCOMP && (value) == SECCOMP_MODE_STRICT;       \
		bool clock_ = (option) == PR_SET_TSC && (value) == PR_TSC_SIGSEGV;                 \
		if (strict_ || clock_)                                                             \
			OBSERVE(process_stop());                                                   \
		bool filter_ = (option) == PR_SET_SECCOMP && !strict_;                             \
		filter_ ? FILTERS(call) : (long)call;                                              \
	})

#endif
