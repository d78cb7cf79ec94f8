/* SPDX-License-Identifier: MIT */
/* Connections: connect, what getsockopt says of its result, shutdown. */
#include "observe.h"
#include "real.h"
#include "track.h"

EXPORT int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int result = REAL(connect)(fd, address, size);
	if (fdtable_watches(fd))
		OBSERVE(track_connect(fd, result ? errno : 0, address, size, CALL_connect, HERE));
	return result;
}

EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t size)
{
	int result = REAL(__connect)(fd, address, size);
	if (fdtable_watches(fd))
		OBSERVE(track_connect(fd, result ? errno : 0, address, size, CALL___connect, HERE));
	return result;
}

EXPORT int getsockopt(int fd, int level, int option, void *value, socklen_t *size)
{
	int result = REAL(getsockopt)(fd, level, option, value, size);
	if (result == 0 && level == SOL_SOCKET && option == SO_ERROR && *size >= sizeof(int) &&
	    fdtable_is_socket(fd))
		OBSERVE(track_told_error(fd, *(int *)value, CALL_getsockopt, HERE));
	return result;
}

EXPORT int shutdown(int fd, int how)
{
	int result = REAL(shutdown)(fd, how);
	if (fdtable_watches(fd))
		OBSERVE(track_shutdown(fd, how, result ? errno : 0, CALL_shutdown, HERE));
	return result;
}
