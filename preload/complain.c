/* SPDX-License-Identifier: MIT */
#include "complain.h"
#include "settings.h"
#include "sys.h"
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

bool complain_never;

static struct {
	bool known;
	dev_t device;
	ino_t inode;
} stderr_at_load;

static bool stderr_is(struct stat *now)
{
	return sys_call(SYS_fstat, 2, now, 0, 0) == 0;
}

void complain_start(void)
{
	struct stat now;

	stderr_at_load.known = stderr_is(&now);
	if (stderr_at_load.known) {
		stderr_at_load.device = now.st_dev;
		stderr_at_load.inode = now.st_ino;
	}
}

void complain(const char *first, ...)
{
	char line[1024] = "sockaudit: ";
	size_t length = strlen(line);
	va_list strings;

	if (complain_never)
		return;
	va_start(strings, first);
	for (const char *text = first; text; text = va_arg(strings, const char *)) {
		size_t size = strlen(text);

		if (size > sizeof line - 1 - length)
			size = sizeof line - 1 - length;
		memcpy(line + length, text, size);
		length += size;
	}
	va_end(strings);
	line[length++] = '\n';
	if (settings.log[0]) {
		int fd = sys_open(settings.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

		if (fd >= 0) {
			sys_write(fd, line, length);
			sys_close(fd);
			return;
		}
	}
	struct stat now;
	if (stderr_at_load.known && stderr_is(&now) && now.st_dev == stderr_at_load.device &&
	    now.st_ino == stderr_at_load.inode)
		sys_write(2, line, length);
}

char *complain_number(char buffer[24], unsigned long long value)
{
	char *digit = buffer + 23;

	*digit = 0;
	do
		*--digit = (char)('0' + value % 10);
	while (value /= 10);
	return digit;
}
