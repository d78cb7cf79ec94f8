/* SPDX-License-Identifier: MIT */
/* The ends: close and its ranges, and stdio's streams over a socket. */
#include "misuse.h"
#include "observe.h"
#include "real.h"
#include "track.h"
#include <linux/close_range.h>

/* In a process without a ledger it is a jump: shells and compilers do nothing else. */
#define UNTOUCHED(fd) (!fdtable_watches(fd) && !ledger->slots)

static __attribute__((noinline)) int close_told(int fd, int (*real)(int fd), enum call call)
{
	struct closing closing;

	OBSERVE(closing = track_close(fd, call, HERE));
	int result = real(fd);
	OBSERVE(track_closed(fd, closing, result ? errno : 0, call, HERE));
	return result;
}

static __attribute__((noinline)) int close_refused(int fd, int result, enum call call)
{
	const struct closing closing = { .told = true };

	OBSERVE(track_closed(fd, closing, errno, call, HERE));
	return result;
}

/* Of a number of which nothing is known, what comes of its close() is all there is to tell. */
static __attribute__((noinline)) int close_other(int fd, int (*real)(int fd), enum call call)
{
	int result = real(fd);

	if (__builtin_expect(result, 0))
		return close_refused(fd, result, call);
	misuse_closed_other(fd);
	return 0;
}

#define CLOSE(name)                                                                                \
	EXPORT int name(int fd)                                                                    \
	{                                                                                          \
		int (*real)(int fd) = REAL(name);                                                  \
		if (fdtable_watches_end(fd))                                                       \
			return close_told(fd, real, CALL_##name);                                  \
		return ledger->slots ? close_other(fd, real, CALL_##name) : real(fd);              \
	}
CLOSE(close)
CLOSE(__close)

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	bool told = false;

	if (!(flags & CLOSE_RANGE_CLOEXEC) && track_range_is_ours((unsigned)flags))
		OBSERVE(told = track_close_range(first, last, CALL_close_range, HERE));
	int result = REAL(close_range)(first, last, flags);
	if (told)
		OBSERVE(track_closed_range(first, last, result == 0, CALL_close_range));
	else if (result == 0 && (flags & CLOSE_RANGE_CLOEXEC))
		OBSERVE(track_cloexec_range(first, last));
	return result;
}

EXPORT void closefrom(int first)
{
	unsigned from = first < 0 ? 0 : (unsigned)first;
	bool told;

	OBSERVE(told = track_close_range(from, ~0u, CALL_closefrom, HERE));
	REAL(closefrom)(first);
	if (told)
		OBSERVE(track_closed_range(from, ~0u, true, CALL_closefrom));
}

static __attribute__((noinline)) int fclose_told(FILE *stream, int fd, int (*real)(FILE *stream),
						 enum call call)
{
	struct closing closing;

	OBSERVE(closing = track_close(fd, call, HERE));
	int result = real(stream);
	/* EOF may mean that the last flush failed; the descriptor is closed all the same. */
	OBSERVE(track_closed(fd, closing, result && errno == EBADF ? EBADF : 0, call, HERE));
	return result;
}

EXPORT int fclose(FILE *stream)
{
	int (*real)(FILE * stream) = REAL(fclose), fd = -1;
	if (stream)
		OBSERVE(fd = fileno(stream));
	return fd < 0 || UNTOUCHED(fd) ? real(stream) : fclose_told(stream, fd, real, CALL_fclose);
}

EXPORT int _IO_fclose(FILE *stream)
{
	int (*real)(FILE * stream) = REAL(_IO_fclose), fd = -1;
	if (stream)
		OBSERVE(fd = fileno(stream));
	return fd < 0 || UNTOUCHED(fd) ? real(stream)
				       : fclose_told(stream, fd, real, CALL__IO_fclose);
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
	FILE *stream = REAL(fdopen)(fd, mode);
	if (stream && fdtable_is_socket(fd))
		OBSERVE(track_stdio(fd));
	return stream;
}

EXPORT FILE *_IO_fdopen(int fd, const char *mode)
{
	FILE *stream = REAL(_IO_fdopen)(fd, mode);
	if (stream && fdtable_is_socket(fd))
		OBSERVE(track_stdio(fd));
	return stream;
}

/* Whether it opens anew or not, the stream's former descriptor is closed; another one may have its
 * number. */
static __attribute__((noinline)) FILE *
freopen_told(const char *path, const char *mode, FILE *stream, int fd,
	     FILE *(*real)(const char *path, const char *mode, FILE *stream), enum call call)
{
	struct closing closing;

	OBSERVE(closing = track_close(fd, call, HERE));
	FILE *result = real(path, mode, stream);
	OBSERVE(track_closed(fd, closing, 0, call, HERE));
	return result;
}

#define FREOPEN(name)                                                                              \
	EXPORT FILE *name(const char *path, const char *mode, FILE *stream)                        \
	{                                                                                          \
		int fd = -1;                                                                       \
		if (stream)                                                                        \
			OBSERVE(fd = fileno(stream));                                              \
		return fd < 0 || UNTOUCHED(fd)                                                     \
			       ? REAL(name)(path, mode, stream)                                    \
			       : freopen_told(path, mode, stream, fd, REAL(name), CALL_##name);    \
	}
FREOPEN(freopen)
FREOPEN(freopen64)
