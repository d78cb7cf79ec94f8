/* SPDX-License-Identifier: MIT */
/* What every hook is made of. A hook reads: not ours, call, tell, return. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <errno.h>

#define EXPORT __attribute__((visibility("default")))

/* The hook's frame, from which the caller's stack is walked. */
#define HERE __builtin_frame_address(0)

/* Tells the tracker something; the program's errno survives. It is stored only when it has changed:
 * after a fork its page may be one that would be copied. */
#define OBSERVE(statement)                                                                         \
	do {                                                                                       \
		int *errno_ = &errno, observed_ = *errno_;                                         \
		statement;                                                                         \
		if (*errno_ != observed_)                                                          \
			*errno_ = observed_;                                                       \
	} while (0)

/*
 * A hook in two functions: the exported one must not need a frame of its own, or every call on a
 * file would pay for pushing one (measured: 20 instructions instead of 7). The braces that follow
 * are the body for a watched descriptor, entered by a jump, so that its caller is still the
 * program.
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

/*
 * One that moves data. What nearly always comes of it, data on a socket of this process's own, is
 * told without a frame; what seldom comes of it is told by a function that is entered by a jump,
 * too, with that call's result. `ordinary`: false sends a call to the braces from the start, which
 * also serve copies and what was inherited. `life`, and what `keep` declares, is for `rest` alone:
 * `volatile`, or the compiler would save and restore a register for it at each call.
 */
#define MOVES_DATA(name, parameters, arguments, ordinary, keep, data, rest)                        \
	static __attribute__((noinline)) ssize_t name##_seldom parameters;                         \
	EXPORT ssize_t name parameters                                                             \
	{                                                                                          \
		if (__builtin_expect(!fdtable_watches(fd), 1))                                     \
			return REAL(name) arguments;                                               \
		struct ledger_slot *slot = fdtable_own(fd);                                        \
		if (__builtin_expect(!slot || !(ordinary), 0))                                     \
			return name##_seldom arguments;                                            \
		volatile uint32_t life = slot->life;                                               \
		keep;                                                                              \
		ssize_t moved = REAL(name) arguments;                                              \
		if (__builtin_expect(moved > 0, 1))                                                \
			return data(slot, moved, CALL_##name);                                     \
		volatile ssize_t n = moved;                                                        \
		return track_nothing(n) ? n : rest;                                                \
	}                                                                                          \
	static ssize_t name##_seldom parameters

#endif
