/* SPDX-License-Identifier: MIT */
/*
 * Sixty functions that call each other, each with a frame of another size: an ordinary stack of so
 * many frames, with `bottom` called at its bottom. Compiled in several ways, under several names.
 */
#ifndef STACK_CHAIN_H
#define STACK_CHAIN_H

#define CHAIN_MAX 60

typedef void chain_function(unsigned frames, void (*bottom)(void));

#ifdef __cplusplus
extern "C" {
#endif
chain_function chain_plain;	/* C, without frame pointers */
chain_function chain_framed;	/* C, with them */
chain_function chain_cxx;	/* C++, objects to destroy in each frame */
chain_function chain_caught;	/* the same; bottom is called by a catch, the exception in flight */
chain_function chain_unwinding; /* by a destructor, while an exception leaves its function */
#ifdef __cplusplus
}
#endif

#define CHAIN_TEN(EACH, tens)                                                                      \
	EACH(tens##0)                                                                              \
	EACH(tens##1)                                                                              \
	EACH(tens##2)                                                                              \
	EACH(tens##3) EACH(tens##4) EACH(tens##5) EACH(tens##6) EACH(tens##7) EACH(tens##8)        \
		EACH(tens##9)
#define CHAIN(EACH)                                                                                \
	CHAIN_TEN(EACH, 1)                                                                         \
	CHAIN_TEN(EACH, 2)                                                                         \
	CHAIN_TEN(EACH, 3) CHAIN_TEN(EACH, 4) CHAIN_TEN(EACH, 5) CHAIN_TEN(EACH, 6)

#define KEEP(value) __asm__ volatile("" : "+r"(value) : : "memory")

#endif
