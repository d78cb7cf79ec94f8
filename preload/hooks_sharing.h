/* SPDX-License-Identifier: MIT */
/*
 * Children that share our memory: of vfork, of clone(CLONE_VM), and of both made by syscall(). What
 * such a child does to its descriptors must not be written into our books, and only a getpid()
 * tells it from us: 0.2 us with each close. So it is noticed that there may be one, and until then
 * nothing is asked.
 */
#ifndef HOOKS_SHARING_H
#define HOOKS_SHARING_H

#include <stdbool.h>

/* A child that shares our memory may exist or have existed. */
extern bool sharing_seen __attribute__((visibility("hidden")));

/* syscall() for the numbers that have a teller here (hooks_syscall.c). */
#define SYSCALLS 512
typedef long syscall_teller(const long argument[6], void *frame);
extern syscall_teller *const syscall_tellers[SYSCALLS] __attribute__((visibility("hidden")));
long syscall_told(long number, ...) __attribute__((visibility("hidden")));

#endif
