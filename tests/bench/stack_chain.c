/* SPDX-License-Identifier: MIT */
#include "stack_chain.h"
#include <stdint.h>

static chain_function *const functions[CHAIN_MAX];

#define FUNCTION(number)                                                                           \
	__attribute__((noinline)) static void function_##number(unsigned frames,                   \
								void (*bottom)(void))              \
	{                                                                                          \
		uintptr_t room[number % 13 + 1] = { frames }, *kept = room;                        \
                                                                                                   \
		KEEP(kept);                                                                        \
		if (frames == 1)                                                                   \
			bottom();                                                                  \
		else                                                                               \
			functions[frames - 2](frames - 1, bottom);                                 \
		KEEP(kept);                                                                        \
	}
CHAIN(FUNCTION)

#define NAME(number) function_##number,
static chain_function *const functions[CHAIN_MAX] = { CHAIN(NAME) };

void CHAIN_NAME(unsigned frames, void (*bottom)(void))
{
	functions[frames - 1](frames, bottom);
	__asm__ volatile("");
}
