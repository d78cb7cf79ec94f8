/* SPDX-License-Identifier: MIT */
/*
 * Under `sockaudit run`: a record in a file of its folder for every program that loads the library,
 * and for every one that is about to be started. Who was started and never came has no auditor,
 * however short its life. One write each, O_APPEND, so records stay whole, each ended by a NUL;
 * nothing without attendance=.
 *
 *     P PID PPID    the parent of
 *     L PID PATH    the library, loaded into this program
 *     E PID PATH    this process is about to become that program
 *     F PID         and that failed
 *     S PID PATH    that program was started as a child
 *     N PID ERRNO PATH   no ledger could be made for this program
 */
#ifndef ATTENDANCE_H
#define ATTENDANCE_H

#include <stdbool.h>
#include <stdint.h>

/* At load. */
void attendance_loaded(void);
/* Around an exec, also in a vfork child; `path` NULL: a descriptor. */
void attendance_exec(const char *path);
void attendance_exec_failed(void);
/* A child was made with that program; pid 0: unknown. */
void attendance_spawned(uint32_t pid, const char *path);
/* For want of a ledger nothing is recorded of this process; false: nor could that be. */
bool attendance_unrecorded(unsigned error);

#endif
