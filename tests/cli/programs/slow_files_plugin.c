/* SPDX-License-Identifier: MIT */
/* Preloaded into the reporter: a disk on which each ledger takes half a second to open. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static int slowly(const char *path, int flags, mode_t mode)
{
	static int (*real)(const char *, int, ...);
	size_t length = strlen(path);

	if (length > 7 && !strcmp(path + length - 7, ".ledger"))
		usleep(500000);
	if (!real)
		real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	return real(path, flags, mode);
}

#define SLOW(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list rest;                                                                      \
		va_start(rest, flags);                                                             \
		mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;                          \
		va_end(rest);                                                                      \
		return slowly(path, flags, mode);                                                  \
	}
SLOW(open)
SLOW(open64)
