/* SPDX-License-Identifier: MIT */
/*
 * Calls after which we may do less: other rights, another root, other namespaces, a seccomp filter,
 * locked memory. What we need is had before; where the kernel would kill the program for a call of
 * ours, we make none.
 */
#include "hooks_limits.h"
#include "ledger_create.h"
#include "observe.h"
#include "real.h"
#include <linux/seccomp.h>
#include <stdarg.h>

#define LOSES(type, name, parameters, arguments)                                                   \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		OBSERVE(process_before_loss());                                                    \
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

EXPORT int unshare(int flags)
{
	OBSERVE(process_before_loss());
	int result = REAL(unshare)(flags);
	if (result == 0)
		OBSERVE(process_unshared(flags));
	return result;
}

EXPORT int setns(int fd, int type)
{
	OBSERVE(process_before_loss());
	int result = REAL(setns)(fd, type);
	if (result == 0)
		OBSERVE(process_unshared(CLONE_NEWNET));
	return result;
}

EXPORT int prctl(int option, ...)
{
	va_list list;
	unsigned long argument[4];

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(list, unsigned long);
	va_end(list);
	return (int)PRCTL(option, argument[0],
			  REAL(prctl)(option, argument[0], argument[1], argument[2], argument[3]));
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
