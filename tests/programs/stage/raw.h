/* SPDX-License-Identifier: MIT */
/* System calls that no libc sees: the instruction stands in the program itself. */
#ifndef SOCKAUDIT_TESTS_RAW_H
#define SOCKAUDIT_TESTS_RAW_H

#include <errno.h>
#include <sys/syscall.h>

/* As libc's would: -1 and errno. */
static inline long raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
			 x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e,
			 x5 __asm__("x5") = f;
	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	result = x0;
#endif
	if (result < 0 && result >= -4095) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static inline int raw_socket(int family, int type)
{
	return (int)raw_call(SYS_socket, family, type, 0, 0, 0, 0);
}
static inline int raw_connect(int fd, const void *address, unsigned size)
{
	return (int)raw_call(SYS_connect, fd, (long)address, size, 0, 0, 0);
}
static inline int raw_accept(int fd, int flags)
{
	return (int)raw_call(SYS_accept4, fd, 0, 0, flags, 0, 0);
}
static inline long raw_recv(int fd, void *buffer, unsigned long size)
{
	return raw_call(SYS_recvfrom, fd, (long)buffer, (long)size, 0, 0, 0);
}
static inline long raw_send(int fd, const void *buffer, unsigned long size)
{
	return raw_call(SYS_sendto, fd, (long)buffer, (long)size, 0, 0, 0);
}
static inline int raw_close(int fd)
{
	return (int)raw_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

#endif
