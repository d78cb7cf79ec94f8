/* SPDX-License-Identifier: MIT */
/*
 * Who holds a socket: the descriptors of every process that we may look at, by inode. Inodes of
 * sockets are the kernel's, not a namespace's.
 */
#ifndef OWNERS_H
#define OWNERS_H

#include "hash.h"
#include "proc.h"
#include <stdbool.h>
#include <stdint.h>

struct owner {
	uint32_t pid;
	int fd;
	const char *comm;
	const struct owner *next; /* of the same socket: another process, or another descriptor */
};

struct owners {
	struct owners_entry *by_inode;
	size_t processes; /* looked into */
	size_t refused;	  /* processes of others, whose descriptors are not ours to see */
};

/* A process's descriptors that somebody has read before; NULL: nobody has. */
typedef const struct proc_files *owners_seen(void *data, const struct proc *proc);

/* Looks through /proc, where nobody has (`seen`); memory is the arena's. owners_free()
 * when done. */
void owners_find(struct arena *arena, struct owners *owners, owners_seen *seen, void *data);
/* Looks once more into a process: adds the sockets that had no holder yet. */
void owners_add_new(struct arena *arena, struct owners *owners, uint32_t pid, const char *comm);
/* The first holder by pid and descriptor; NULL: nobody that we may look at. */
const struct owner *owners_of(const struct owners *owners, uint64_t inode);
void owners_free(struct owners *owners);

#endif
