// SPDX-License-Identifier: MIT
// A plugin in C++ that throws, and catches what it threw.
#include <stdexcept>
#include <string>

static void __attribute__((noinline)) thrower(int depth)
{
	if (depth == 0)
		throw std::runtime_error("thrown");
	std::string keeps(static_cast<size_t>(depth), 'x');
	thrower(depth - 1);
	if (keeps.empty())
		throw 0;
}

extern "C" int plugin_throw()
{
	try {
		thrower(10);
	} catch (const std::runtime_error &error) {
		return std::string(error.what()) == "thrown";
	}
	return 0;
}
