/* SPDX-License-Identifier: MIT */
/* Connections: connect, what getsockopt says of its result, shutdown. */
#include "farewell.h"
#include "observe.h"
#include "real.h"
#include "track.h"

WATCHED(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
{
	struct use use = track_use(fd, CALL_connect);
	int result = REAL(connect)(fd, address, size);
	OBSERVE(track_connect(fd, use, result ? errno : 0, address, size, CALL_connect, HERE));
	return result;
}

WATCHED(int, __connect, (int fd, const struct sockaddr *address, socklen_t size),
	(fd, address, size))
{
	struct use use = track_use(fd, CALL___connect);
	int result = REAL(__connect)(fd, address, size);
	OBSERVE(track_connect(fd, use, result ? errno : 0, address, size, CALL___connect, HERE));
	return result;
}

/* Of all options a few matter; the others are a jump. */
static __attribute__((noinline)) int getsockopt_told(int fd, int level, int option, void *value,
						     socklen_t *size)
{
	int result = REAL(getsockopt)(fd, level, option, value, size);
	if (result == 0 && *size >= sizeof(int) && fdtable_is_socket(fd))
		OBSERVE(track_told_error(fd, *(int *)value, CALL_getsockopt, HERE));
	return result;
}

EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	return level == SOL_SOCKET && option == SO_ERROR
		       ? getsockopt_told(fd, level, option, value, size)
		       : REAL(getsockopt)(fd, level, option, value, size);
}

static __attribute__((noinline)) int setsockopt_told(int fd, int level, int option,
						     const void *value, socklen_t size)
{
	int result = REAL(setsockopt)(fd, level, option, value, size);
	if (result == 0 && fdtable_is_socket(fd))
		OBSERVE(track_option_set(fd, option, value, size));
	return result;
}

EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	return level == SOL_SOCKET && track_option_matters(option)
		       ? setsockopt_told(fd, level, option, value, size)
		       : REAL(setsockopt)(fd, level, option, value, size);
}

/* It may wake a thread that closes the number, and accepts another connection on it, before it
 * returns here. */
WATCHED(int, shutdown, (int fd, int how), (fd, how))
{
	struct use use = track_use(fd, CALL_shutdown);
	enum ledger_end end;
	OBSERVE(end = farewell_of_shutdown(fd, use.slot, how));
	int result = REAL(shutdown)(fd, how);
	OBSERVE(track_shutdown(fd, use, how, end, result ? errno : 0, CALL_shutdown, HERE));
	return result;
}
