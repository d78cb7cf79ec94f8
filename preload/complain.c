/* SPDX-License-Identifier: MIT */
#include "complain.h"
#include "settings.h"
#include "sys.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

#define BIT(signal) (1ull << ((signal)-1))

/*
 * The line, or nothing: it must neither block (a pipe that nobody empties) nor be a signal to the
 * program (a reader that has left, a file at its size limit, a terminal that stops background
 * writers).
 */
static void line_write(int fd, const char *line, size_t length)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	struct timespec at_once = { 0, 0 };
	uint64_t all = ~0ull, ours = BIT(SIGPIPE) | BIT(SIGXFSZ), before = 0, pending = 0;

	if (sys_call6(SYS_ppoll, (long)&writable, 1, (long)&at_once, 0, sizeof all, 0) != 1 ||
	    !(writable.revents & POLLOUT))
		return;
	if (sys_call(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, sizeof all) != 0)
		return;
	sys_call(SYS_rt_sigpending, &pending, sizeof pending, 0, 0);
	ours &= ~pending;
	long written = sys_write(fd, line, length);
	if ((written == -EPIPE || written == -EFBIG) && ours)
		sys_call(SYS_rt_sigtimedwait, &ours, NULL, &at_once, sizeof ours);
	sys_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
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
	/* Paths and options are not ours: no escape of theirs reaches a terminal. */
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[length++] = '\n';
	if (settings.log[0]) {
		int fd = sys_open(settings.log,
				  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY,
				  0600);

		if (fd >= 0) {
			line_write(fd, line, length);
			sys_close(fd);
			return;
		}
	}
	struct stat now;
	if (stderr_at_load.known && stderr_is(&now) && now.st_dev == stderr_at_load.device &&
	    now.st_ino == stderr_at_load.inode)
		line_write(2, line, length);
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
