/* SPDX-License-Identifier: MIT */
#include "attendance.h"
#include "complain.h"
#include "process.h"
#include "program.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

static bool record_write(const char kind[3], uint64_t pid, const char *detail, const char *path)
{
	char digits[24], *number = complain_number(digits, pid);

	if (!settings.attendance[0] || process_is_filtered())
		return false;
	int fd = sys_open(settings.attendance,
			  O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return false;
	/* No path holds a NUL: it ends the record. Not copied, as the stack may be small. */
	struct iovec parts[] = { { (void *)(uintptr_t)kind, 2 },
				 { number, strlen(number) },
				 { (void *)(uintptr_t) " ", 1 },
				 { (void *)(uintptr_t)detail, strlen(detail) },
				 { (void *)(uintptr_t)path, strlen(path) + 1 } };
	bool written = sys_call(SYS_writev, fd, parts, 5, 0) > 0;
	sys_close(fd);
	return written;
}

void attendance_loaded(void)
{
	char digits[24];

	if (!settings.attendance[0])
		return;
	record_write(
		"P ", (uint64_t)sys_getpid(), "",
		complain_number(digits, (unsigned long long)sys_call(SYS_getppid, 0, 0, 0, 0)));
	record_write("L ", (uint64_t)sys_getpid(), "", program_path());
}

/* A path that can't be read is for the kernel to refuse, not for us to fall over. */
static const char *path_readable(const char *path)
{
	long found = path ? sys_call(SYS_faccessat, AT_FDCWD, path, 0, 0) : -EFAULT;

	return found == -EFAULT || found == -ENAMETOOLONG ? "" : path;
}

void attendance_exec(const char *path)
{
	if (settings.attendance[0] && !process_is_filtered())
		record_write("E ", (uint64_t)sys_getpid(), "", path_readable(path));
}

void attendance_exec_failed(void)
{
	if (settings.attendance[0] && !process_is_filtered())
		record_write("F ", (uint64_t)sys_getpid(), "", "");
}

void attendance_spawned(uint32_t pid, const char *path)
{
	record_write("S ", pid, "", path ? path : "");
}

bool attendance_unrecorded(unsigned error)
{
	char digits[24], detail[24] = "";

	text_add(detail, sizeof detail, complain_number(digits, error));
	text_add(detail, sizeof detail, " ");
	return record_write("N ", (uint64_t)sys_getpid(), detail, program_path());
}
