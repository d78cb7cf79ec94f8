/* SPDX-License-Identifier: MIT */
/*
 * System calls made without libc: no errno, no cancellation point, no hook of ours or of another
 * preload. Each returns what the kernel returns: a result, or -errno.
 */
#ifndef SYS_H
#define SYS_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "sockaudit knows the system call convention of x86-64 and aarch64"
#endif

#define sys_call(number, a, b, c, d)                                                               \
	sys_call6(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

static inline int sys_open(const char *path, int flags, int mode)
{
	return (int)sys_call(SYS_openat, AT_FDCWD, path, flags, mode);
}

static inline int sys_openat(int folder, const char *name, int flags, int mode)
{
	return (int)sys_call(SYS_openat, folder, name, flags, mode);
}

static inline int sys_close(int fd)
{
	return (int)sys_call(SYS_close, fd, 0, 0, 0);
}

static inline long sys_read(int fd, void *buffer, unsigned long size)
{
	return sys_call(SYS_read, fd, buffer, size, 0);
}

static inline long sys_pread(int fd, void *buffer, unsigned long size, unsigned long offset)
{
	return sys_call(SYS_pread64, fd, buffer, size, offset);
}

static inline long sys_write(int fd, const void *buffer, unsigned long size)
{
	return sys_call(SYS_write, fd, buffer, size, 0);
}

static inline long sys_readlink(const char *path, char *buffer, unsigned long size)
{
	return sys_call(SYS_readlinkat, AT_FDCWD, path, buffer, size);
}

static inline int sys_getpid(void)
{
	return (int)sys_call(SYS_getpid, 0, 0, 0, 0);
}

/* An address, or -errno as a negative number above -4096. */
static inline long sys_mmap(void *at, unsigned long size, int protection, int flags, int fd)
{
	return sys_call6(SYS_mmap, (long)at, (long)size, protection, flags, fd, 0);
}

static inline int sys_munmap(void *at, unsigned long size)
{
	return (int)sys_call(SYS_munmap, at, size, 0, 0);
}

static inline int sys_madvise(void *at, unsigned long size, int advice)
{
	return (int)sys_call(SYS_madvise, at, size, advice, 0);
}

static inline int sys_getsockopt(int fd, int level, int option, void *value, unsigned *size)
{
	return (int)sys_call6(SYS_getsockopt, fd, level, option, (long)value, (long)size, 0);
}

static inline int sys_getsockname(int fd, void *address, unsigned *size)
{
	return (int)sys_call(SYS_getsockname, fd, address, size, 0);
}

static inline int sys_getpeername(int fd, void *address, unsigned *size)
{
	return (int)sys_call(SYS_getpeername, fd, address, size, 0);
}

static inline int sys_ioctl(int fd, unsigned long request, void *argument)
{
	return (int)sys_call(SYS_ioctl, fd, request, argument, 0);
}

#endif
