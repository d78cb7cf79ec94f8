/* SPDX-License-Identifier: MIT */
/*
 * sockaudit for the program that is audited: names for what it is doing, a count for an assertion.
 * One header, nothing to link: without libsockaudit.so in the process every call does nothing and
 * returns 0. C and C++; any thread; not from a signal handler. errno is kept.
 *
 *     sockaudit_mark("test_login");
 *     ...
 *     assert_int_equal(sockaudit_findings(), 0);
 */
#ifndef SOCKAUDIT_SOCKAUDIT_H
#define SOCKAUDIT_SOCKAUDIT_H

#ifdef __cplusplus
extern "C" {
#endif

/* The library's side; absent without it. */
extern void libsockaudit_mark(const char *name) __attribute__((weak));
extern unsigned libsockaudit_findings(void) __attribute__((weak));
extern void libsockaudit_checkpoint(void) __attribute__((weak));
extern void libsockaudit_ignore(int fd) __attribute__((weak));

/* What follows belongs to `name`, a test's: findings tell under which mark their socket was opened
 * and under which it leaked. At most 255 bytes of it are kept; a newline in it becomes a blank. */
static inline void sockaudit_mark(const char *name)
{
	if (libsockaudit_mark)
		libsockaudit_mark(name);
}

/* How many sockets of this process owe a close() now, and were opened or came to owe it since the
 * last sockaudit_checkpoint(). The rules are those of `sockaudit report`; nothing is waited for,
 * unless SOCKAUDIT_OPTIONS has a grace=. Asks the kernel about every open socket: microseconds
 * each. */
static inline unsigned sockaudit_findings(void)
{
	return libsockaudit_findings ? libsockaudit_findings() : 0;
}

/* sockaudit_findings() counts from here. */
static inline void sockaudit_checkpoint(void)
{
	if (libsockaudit_checkpoint)
		libsockaudit_checkpoint();
}

/* Nothing is found of this descriptor's socket, for as long as it is open. */
static inline void sockaudit_ignore(int fd)
{
	if (libsockaudit_ignore)
		libsockaudit_ignore(fd);
}

/*
 * A program may bring its own suppressions, one a line (sockaudit-suppressions(5)). It must export
 * the function: link with -rdynamic, or keep it in a shared library.
 */
const char *__sockaudit_default_suppressions(void);

#ifdef __cplusplus
}
#endif
#endif
