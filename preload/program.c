/* SPDX-License-Identifier: MIT */
#include "program.h"
#include "sys.h"
#include "text.h"
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/auxv.h>

static char path[PATH_MAX];

static void path_read(const char *link)
{
	long length = sys_readlink(link, path, sizeof path - 1);

	path[length > 0 ? length : 0] = 0;
}

/* `ld-linux.so.2 PROGRAM`: what the kernel started is the linker, which has no interpreter. */
static void path_from_linker(void)
{
	char link[48] = "/proc/self/fd/";
	int fd = sys_open(program_invocation_name, O_PATH | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	text_add_number(link, sizeof link, (uint64_t)fd);
	path_read(link);
	sys_close(fd);
}

const char *program_path(void)
{
	static bool found;

	if (!found) {
		path_read("/proc/self/exe");
		if (!getauxval(AT_BASE) && path[0])
			path_from_linker();
		found = true;
	}
	return path;
}

/* Of the program, when it has one and exports it. */
extern const char *__sockaudit_default_suppressions(void) __attribute__((weak));

const char *program_suppressions = "";

void program_ask(void)
{
	const char *text =
		__sockaudit_default_suppressions ? __sockaudit_default_suppressions() : NULL;

	if (text)
		program_suppressions = text;
}
