/* SPDX-License-Identifier: MIT */
/*
 * Calls after which we may do less: other rights, another root, other namespaces, a seccomp filter,
 * locked memory. What we need is had before; where the kernel would kill the program for a call of
 * ours, we make none.
 */
#include "hooks_sharing.h"
#include "ledger_create.h"
#include "observe.h"
#include "process.h"
#include "real.h"
#include "track.h"
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/syscall.h>

/* The ledger now, while it can be made: afterwards the folder may be out of reach. */
static void before_loss(void)
{
	if (process_is_ours())
		process_ready();
}

#define LOSES(type, name, parameters, arguments)                                                   \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		OBSERVE(before_loss());                                                            \
		return REAL(name) arguments;                                                       \
	}

LOSES(int, chroot, (const char *path), (path))
LOSES(int, setuid, (uid_t uid), (uid))
LOSES(int, seteuid, (uid_t uid), (uid))
LOSES(int, setreuid, (uid_t real, uid_t effective), (real, effective))
LOSES(int, setresuid, (uid_t real, uid_t effective, uid_t saved), (real, effective, saved))
LOSES(int, setgid, (gid_t gid), (gid))
LOSES(int, setegid, (gid_t gid), (gid))
LOSES(int, setregid, (gid_t real, gid_t effective), (real, effective))
LOSES(int, setresgid, (gid_t real, gid_t effective, gid_t saved), (real, effective, saved))
LOSES(int, setgroups, (size_t count, const gid_t *groups), (count, groups))
LOSES(int, initgroups, (const char *user, gid_t group), (user, group))
LOSES(int, setfsuid, (uid_t uid), (uid))
LOSES(int, setfsgid, (gid_t gid), (gid))

static void told_unshare(int flags)
{
	if (!process_is_ours())
		return;
	if (flags & CLONE_NEWNET)
		process_many_net_ns = true;
	if (flags & CLONE_FILES)
		ledger_file_lost(LOST_TABLES);
}

EXPORT int unshare(int flags)
{
	OBSERVE(before_loss());
	int result = REAL(unshare)(flags);
	if (result == 0)
		OBSERVE(told_unshare(flags));
	return result;
}

EXPORT int setns(int fd, int type)
{
	OBSERVE(before_loss());
	int result = REAL(setns)(fd, type);
	if (result == 0)
		OBSERVE(if (process_is_ours()) process_many_net_ns = true);
	return result;
}

/* A call that installs a filter, whatever its name. */
#define FILTERS(call)                                                                              \
	({                                                                                         \
		bool before_ = process_is_filtered();                                              \
		OBSERVE(process_filter(true));                                                     \
		long result_ = call;                                                               \
		if (result_ < 0 && !before_)                                                       \
			OBSERVE(process_filter(false));                                            \
		result_;                                                                           \
	})

EXPORT int prctl(int option, ...)
{
	va_list list;
	unsigned long argument[4];

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, unsigned long);
	va_end(list);
	/* Strict mode forbids the cycle counter, too. */
	if ((option == PR_SET_SECCOMP && argument[0] == SECCOMP_MODE_STRICT) ||
	    (option == PR_SET_TSC && argument[0] == PR_TSC_SIGSEGV))
		OBSERVE(process_stop());
	else if (option == PR_SET_SECCOMP)
		return (int)FILTERS(
			REAL(prctl)(option, argument[0], argument[1], argument[2], argument[3]));
	return REAL(prctl)(option, argument[0], argument[1], argument[2], argument[3]);
}

/* A locked mapping has all its pages at once: ours must be as small as it is filled. */
EXPORT int mlockall(int flags)
{
	OBSERVE(if (process_is_ours()) ledger_file_trim());
	int result = REAL(mlockall)(flags);
	if (result == 0 && (flags & MCL_FUTURE))
		ledger_create_small = true;
	return result;
}

/* libuv closes this way, and libseccomp installs its filters. */
static __attribute__((noinline)) long syscall_close(int fd)
{
	struct closing closing;

	OBSERVE(closing = track_close(fd, CALL_syscall, HERE));
	long result = REAL(syscall)(SYS_close, fd);
	OBSERVE(track_closed(fd, closing, result ? errno : 0, CALL_syscall, HERE));
	return result;
}

/* The numbers that hooks_sharing.c does not pass on. */
long syscall_told(long number, ...)
{
	va_list list;
	long argument[6];

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(list, long);
	va_end(list);
	switch (number) {
	case SYS_close:
		return syscall_close((int)argument[0]);
	case SYS_seccomp:
		if (argument[0] == SECCOMP_SET_MODE_STRICT)
			OBSERVE(process_stop());
		else if (argument[0] == SECCOMP_SET_MODE_FILTER)
			return FILTERS(REAL(syscall)(number, argument[0], argument[1], argument[2],
						     argument[3], argument[4], argument[5]));
		break;
	case SYS_exit_group:
		OBSERVE(argument[0] = process_ends((int)argument[0]));
		break;
	}
	return REAL(syscall)(number, argument[0], argument[1], argument[2], argument[3],
			     argument[4], argument[5]);
}
