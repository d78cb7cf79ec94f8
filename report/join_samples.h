/* SPDX-License-Identifier: MIT */
/*
 * The kernel's word on the sockets of a run while it runs, asked now and then: so a program that is
 * killed, and can't ask at its end, has had a last state all the same; and the sums over time.
 */
#ifndef JOIN_SAMPLES_H
#define JOIN_SAMPLES_H

#include "audit.h"

struct samples;

struct samples *samples_new(const char *folder);
/* One more look: at the ledgers of the folder, and at the kernel's tables of their namespaces. */
void samples_take(struct samples *samples);
/* What the kernel said last of a socket; NULL: it was never seen. */
const struct socket_kernel *samples_find(const struct samples *samples, uint64_t cookie);
/* When a process was last seen alive, in cycles; 0: never. */
uint64_t samples_alive(const struct samples *samples, uint32_t pid, uint64_t start_ticks);
const struct timeline_row *samples_timeline(const struct samples *samples, size_t *count);
void samples_free(struct samples *samples);

#endif
