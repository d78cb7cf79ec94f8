/* SPDX-License-Identifier: MIT */
/* What every hook is made of. A hook reads: not ours, call, tell, return. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <errno.h>

#define EXPORT __attribute__((visibility("default")))

/* The hook's frame, from which the caller's stack is walked. */
#define HERE __builtin_frame_address(0)

/* Tells the tracker something; the program's errno survives. */
#define OBSERVE(statement)                                                                         \
	do {                                                                                       \
		int observed_ = errno;                                                             \
		statement;                                                                         \
		errno = observed_;                                                                 \
	} while (0)

/*
 * A hook on the data path, in two functions: the exported one must not need a frame of its own, or
 * every read of a file would pay for pushing one (measured: 20 instructions instead of 10). The
 * braces that follow are the body for a watched descriptor, entered by a jump, so that its caller
 * is still the program.
 */
#define WATCHED(type, name, parameters, arguments)                                                 \
	static __attribute__((noinline)) type name##_watched parameters;                           \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		if (__builtin_expect(!fdtable_watches(fd), 1))                                     \
			return REAL(name) arguments;                                               \
		return name##_watched arguments;                                                   \
	}                                                                                          \
	static type name##_watched parameters

#endif
