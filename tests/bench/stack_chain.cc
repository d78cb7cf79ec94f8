/* SPDX-License-Identifier: MIT */
#include "stack_chain.h"
#include <cstdint>
#include <stdexcept>

namespace
{

struct guard {
	std::uintptr_t *kept;

	~guard()
	{
		KEEP(kept);
	}
};

extern chain_function *const functions[CHAIN_MAX];

#define FUNCTION(number)                                                                           \
	__attribute__((noinline)) void function_##number(unsigned frames, void (*bottom)(void))    \
	{                                                                                          \
		std::uintptr_t room[number % 13 + 1] = { frames };                                 \
		guard destroyed = { room };                                                        \
                                                                                                   \
		KEEP(destroyed.kept);                                                              \
		if (frames == 1)                                                                   \
			bottom();                                                                  \
		else                                                                               \
			functions[frames - 2](frames - 1, bottom);                                 \
	}
CHAIN(FUNCTION)

#define NAME(number) function_##number,
chain_function *const functions[CHAIN_MAX] = { CHAIN(NAME) };

void (*measure)(void);

struct measuring {
	__attribute__((noinline)) ~measuring()
	{
		measure();
		__asm__ volatile("");
	}
};

__attribute__((noinline)) void leave()
{
	measuring last;

	throw std::runtime_error("leaves");
}

void catches()
{
	try {
		throw std::runtime_error("caught");
	} catch (const std::exception &) {
		measure();
	}
}

void is_left()
{
	try {
		leave();
	} catch (const std::exception &) {
	}
}

} // namespace

void chain_cxx(unsigned frames, void (*bottom)(void))
{
	functions[frames - 1](frames, bottom);
	__asm__ volatile("");
}

void chain_caught(unsigned frames, void (*bottom)(void))
{
	measure = bottom;
	chain_cxx(frames, catches);
}

void chain_unwinding(unsigned frames, void (*bottom)(void))
{
	measure = bottom;
	chain_cxx(frames, is_left);
}
