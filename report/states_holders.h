/* SPDX-License-Identifier: MIT */
/*
 * Who holds which socket, for who counts tens of thousands: every descriptor of every process that
 * we may look at, read by several threads while the kernel is asked for its tables.
 */
#ifndef STATES_HOLDERS_H
#define STATES_HOLDERS_H

#include "arena.h"
#include "proc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct holding {
	uint32_t pid;
	const char *comm;
	/* Its descriptors, ascending, and the inode of the socket that each is, or 0. */
	int *fds;
	uint64_t *inodes;
	size_t count;
	bool refused; /* its descriptors are not ours to see: none is told */
};

struct holders {
	struct holding *items; /* by pid */
	size_t count;
};

struct holders_search;

/* Starts the threads. Memory is the arena's, which stays the caller's alone. */
struct holders_search *holders_begin(struct arena *arena);
/* Helps until all is read; to be called once. holders_free() when done. */
struct holders holders_end(struct holders_search *search);
void holders_free(struct holders *holders);

#endif
