/* SPDX-License-Identifier: MIT */
/* Second descriptors for one socket: dup, fcntl, those of another process; and close-on-exec. */
#include "observe.h"
#include "real.h"
#include "track.h"
#include <stdarg.h>
#include <sys/ioctl.h>

EXPORT int dup(int fd)
{
	int copy = REAL(dup)(fd);
	if (copy >= 0 && fdtable_is_socket(fd))
		OBSERVE(track_copy(fd, copy, false, CALL_dup, HERE));
	else if (copy < 0)
		track_not_made(CALL_dup, HERE);
	return copy;
}

/* The number that is copied over ends before the call: another thread that reads it meanwhile must
 * not take its next owner for the old one gone astray. */
static __attribute__((noinline)) int copy_over(int fd, int to, int flags, enum call call,
					       void *frame)
{
	uint32_t life;

	OBSERVE(life = track_copied_over(fd, to, call, frame));
	int copy = call == CALL_dup3   ? REAL(dup3)(fd, to, flags)
		   : call == CALL_dup2 ? REAL(dup2)(fd, to)
				       : REAL(__dup2)(fd, to);
	OBSERVE(track_copy_over(fd, to, life, copy >= 0, flags & O_CLOEXEC, call, frame));
	return copy;
}

EXPORT int dup2(int fd, int to)
{
	if (!fdtable_is_socket(fd) && !fdtable_is_socket(to))
		return REAL(dup2)(fd, to);
	return copy_over(fd, to, 0, CALL_dup2, HERE);
}

EXPORT int __dup2(int fd, int to)
{
	if (!fdtable_is_socket(fd) && !fdtable_is_socket(to))
		return REAL(__dup2)(fd, to);
	return copy_over(fd, to, 0, CALL___dup2, HERE);
}

EXPORT int dup3(int fd, int to, int flags)
{
	if (!fdtable_is_socket(fd) && !fdtable_is_socket(to))
		return REAL(dup3)(fd, to, flags);
	return copy_over(fd, to, flags, CALL_dup3, HERE);
}

static void told_fcntl(int fd, int command, uintptr_t argument, int result, enum call call,
		       void *frame)
{
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		track_copy(fd, result, command == F_DUPFD_CLOEXEC, call, frame);
	else if (command == F_SETFD)
		track_cloexec(fd, argument & FD_CLOEXEC);
}

/* Every argument that fcntl() can have is passed in one register: a pointer wide enough for all of
 * them. */
#define ARGUMENT(last)                                                                             \
	({                                                                                         \
		va_list arguments_;                                                                \
		va_start(arguments_, last);                                                        \
		void *one_ = va_arg(arguments_, void *);                                           \
		va_end(arguments_);                                                                \
		one_;                                                                              \
	})

EXPORT int fcntl(int fd, int command, ...)
{
	void *argument = ARGUMENT(command);
	int result = REAL(fcntl)(fd, command, argument);
	if (result >= 0 && fdtable_is_socket(fd))
		OBSERVE(told_fcntl(fd, command, (uintptr_t)argument, result, CALL_fcntl, HERE));
	else if (result < 0)
		track_not_made(CALL_fcntl, HERE);
	return result;
}

EXPORT int fcntl64(int fd, int command, ...)
{
	void *argument = ARGUMENT(command);
	int result = REAL(fcntl64)(fd, command, argument);
	if (result >= 0 && fdtable_is_socket(fd))
		OBSERVE(told_fcntl(fd, command, (uintptr_t)argument, result, CALL_fcntl64, HERE));
	else if (result < 0)
		track_not_made(CALL_fcntl64, HERE);
	return result;
}

EXPORT int __fcntl(int fd, int command, ...)
{
	void *argument = ARGUMENT(command);
	int result = REAL(__fcntl)(fd, command, argument);
	if (result >= 0 && fdtable_is_socket(fd))
		OBSERVE(told_fcntl(fd, command, (uintptr_t)argument, result, CALL___fcntl, HERE));
	else if (result < 0)
		track_not_made(CALL___fcntl, HERE);
	return result;
}

/* What else makes a descriptor close-on-exec, and back. */
EXPORT int ioctl(int fd, unsigned long request, ...)
{
	void *argument = ARGUMENT(request);
	int result = REAL(ioctl)(fd, request, argument);
	if ((request == FIOCLEX || request == FIONCLEX) && result == 0 && fdtable_is_socket(fd))
		OBSERVE(track_cloexec(fd, request == FIOCLEX));
	return result;
}

EXPORT int pidfd_getfd(int process, int theirs, unsigned flags)
{
	int fd = REAL(pidfd_getfd)(process, theirs, flags);
	if (fd >= 0)
		OBSERVE(track_taken(fd, CALL_pidfd_getfd, HERE));
	else
		track_not_made(CALL_pidfd_getfd, HERE);
	return fd;
}
