/* SPDX-License-Identifier: MIT */
/*
 * A ledger, copied out of its file and checked: whatever the file holds, and however it changes
 * meanwhile, what is reached through this header stays inside its arrays. Never maps the file, so
 * that one that is cut short while it is read can't raise SIGBUS.
 */
#ifndef LEDGER_READER_H
#define LEDGER_READER_H

#include "arena.h"
#include <sockaudit/cycles.h>
#include <sockaudit/ledger.h>
#include <stdbool.h>

/* Where a ledger's bytes come from: a file, or memory when fd is -1. */
struct ledger_source {
	int fd;
	const unsigned char *bytes;
	uint64_t size;
};

struct ledger_entry {
	int fd;
	struct ledger_slot slot; /* phase OPEN, CLOSING or GONE; its stack numbers are in range */
};

struct ledger {
	const char *path;	     /* as it was given */
	struct ledger_header header; /* its texts are terminated */
	struct ledger_entry *slots;  /* by descriptor */
	size_t slot_count;
	struct ledger_stack *stacks;
	uint32_t stack_count;
	uint64_t *frames;
	uint32_t frame_count;
	struct ledger_module *modules;
	uint32_t module_count;
	char *strings; /* one NUL behind the end */
	uint32_t string_size;
	struct ledger_misuse *misuses;
	uint32_t misuse_count;
	struct ledger_snapshot *snapshots;
	uint32_t snapshot_count;
	struct ledger_fork *forks; /* in no order; each whole, `at` is not 0 */
	uint32_t fork_count;
	struct ledger_closed *closed; /* the same of `closed_at` */
	uint32_t closed_count;
	/* The same of `at`, by number and time; their names are terminated. */
	struct ledger_thread *threads;
	uint32_t thread_count;
	struct ledger_mark *marks; /* the same of `at` */
	uint32_t mark_count;
	struct ledger_ending *endings; /* and here */
	uint32_t ending_count;
	uint64_t youngest;	/* ledger_youngest(), which looks at every socket */
	uint64_t *threads_last; /* last_thread.c's; NULL: nobody asked yet */
	double ns_per_cycle;	/* between 0.01 and 1000 */
	uint64_t read_at;	/* when its stacks were copied, in our cycles: a little later, of a
				   process that runs, is not now */
	uint64_t torn;		/* slots that changed faster than they could be copied */
	uint64_t astray; /* references that led nowhere and were dropped: the file is damaged */
	struct ledger_source source; /* stays open for ledger_reread() */
};

/*
 * Reads the ledger at `path`, which must be a regular file and no symbolic link. All memory is the
 * arena's, the descriptor is the ledger's (ledger_close). On failure -errno, and *trouble tells
 * people what is wrong with it
 * ("not a ledger (bad magic)").
 */
int ledger_read(struct arena *arena, const char *path, struct ledger **ledger,
		const char **trouble);
/* The same of an open descriptor, which is taken over, failure or not. */
int ledger_read_fd(struct arena *arena, int fd, const char *path, struct ledger **ledger,
		   const char **trouble);
/* The same without the sockets and what befell them: the header, and the stacks with their counters
 * and code. */
int ledger_read_stacks_fd(struct arena *arena, int fd, const char *path, struct ledger **ledger,
			  const char **trouble);
/* The same of bytes in memory, which must live as long as the ledger. */
int ledger_read_bytes(struct arena *arena, const void *bytes, size_t size, struct ledger **ledger,
		      const char **trouble);
/* The header alone, checked the same way; for choosing among many. */
int ledger_peek(int fd, struct ledger_header *header, struct arena *arena, const char **trouble);
void ledger_close(struct ledger *ledger);

/* The descriptor's slot as it is now. False when it is empty, gone, torn or out of range. */
bool ledger_reread(const struct ledger *ledger, int fd, struct ledger_slot *slot);

/* The copied slot of a descriptor; NULL when it has none. */
const struct ledger_slot *ledger_slot_of(const struct ledger *ledger, int fd);
/* "" when the offset is 0 or out of range. */
const char *ledger_string(const struct ledger *ledger, uint32_t offset);
/* The name of a call; NULL for 0 and for indexes without a name. */
const char *ledger_call(const struct ledger *ledger, uint32_t index);
/* A stack's return addresses, innermost first; 0 when it has none or they are out of range. */
unsigned ledger_frames(const struct ledger *ledger, stack_id stack, const uint64_t **frames);
const struct ledger_stack *ledger_stack_of(const struct ledger *ledger, stack_id stack);
/* The thread that had a slot's number at that time; NULL unknown. */
const struct ledger_thread *ledger_thread_of(const struct ledger *ledger, uint8_t number,
					     uint64_t at);
/* NULL for module 0 and those out of range. */
const struct ledger_module *ledger_module_of(const struct ledger *ledger, uint32_t module);

/* This moment in the ledger's cycles; meaningless on another boot. */
uint64_t ledger_now(const struct ledger *ledger);
/* A moment in cycles as nanoseconds since 1970; 0 for 0. */
uint64_t ledger_realtime(const struct ledger *ledger, uint64_t cycles);
/* The latest time that stands anywhere in it: how long a killed process lived at least. */
uint64_t ledger_youngest(const struct ledger *ledger);

#endif
