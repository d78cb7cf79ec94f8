/* SPDX-License-Identifier: MIT */
/*
 * The mapped ledger of this process. Its bases live on a page that the kernel wipes at fork, so
 * that in any child, of fork and of a raw clone alike, there is no ledger until the child makes its
 * own.
 */
#ifndef LEDGER_FILE_H
#define LEDGER_FILE_H

#include <sockaudit/ledger.h>
#include <stdbool.h>
#include <stddef.h>

/* NULL bases: this process has no ledger (yet). Read on the data path; written once by
 * ledger_file_open(), but for `misuses_end`, which seldom changes. */
struct ledger_bases {
	struct ledger_slot *slots;
	struct ledger_header *header;
	uint32_t misuses_end; /* one more than the last misuse that was kept here */
	uint32_t serial;      /* differs between any two ledgers that one process and its children
				 write */
	struct ledger_stack *stacks;
	uint64_t *frames;
	struct ledger_module *modules;
	char *strings;
	struct ledger_misuse *misuses;
	struct ledger_snapshot *snapshots;
	struct ledger_fork *forks;
	struct ledger_closed *closed;
	struct ledger_thread *threads;
	struct ledger_mark *marks;
	struct ledger_ending *endings;
	uint32_t pid; /* who made it; a vfork child sees the bases and another getpid() */
};

/* Alone on its page. In the library's own data, so that a hook reaches it by one instruction. */
union ledger_page {
	struct {
		struct ledger_bases bases;
		/* parent.c's: a child writes to this page anyway, and each further page that it
		 * writes to would be copied for it. */
		uint64_t parent[256];
		bool touchy; /* fdtable.h */
	};
	char page[4096];
} __attribute__((aligned(4096)));
/* What a child must not inherit, together at the end of the library's memory: each stretch of it is
 * one mapping more, 1 us at each fork. */
#define WIPED __attribute__((section(".wiped,\"aw\",@nobits#")))
extern union ledger_page ledger_page __attribute__((visibility("hidden")));
#define ledger (&ledger_page.bases)

/* In the constructor, or at the first hook before it. False: the kernel is too old (before 4.14).
 */
bool ledger_file_start(void);

/* Called in a process that is getting its ledger, before anyone can see it. */
extern void (*ledger_file_on_new)(void);

/* Makes the ledger if there is none. False when it can't be had; recording is then off in this
 * process and the reason has been told once. */
bool ledger_file_open(void);

/*
 * Makes records [first, first + count) of a section usable: their pages exist, so that a store can
 * neither raise SIGBUS nor block on a full tmpfs. False when there is no room, or no way to ask for
 * it any more. No lock, no malloc, safe in a signal handler, cheap when they are usable already.
 */
bool ledger_file_reserve(enum ledger_section_id section, uint32_t first, uint32_t count);

/* Whether a slot's page exists; never makes it. */
bool ledger_file_has_slot(uint32_t slot);

/*
 * Takes `count` new records of a section that grows at its end (stacks, frames, modules, strings,
 * misuses) and reserves them: the first one's index, or 0 when there is no room. Records are
 * zeroed. Same promises.
 */
uint32_t ledger_file_take(enum ledger_section_id section, uint32_t count);

/*
 * The place of a ring's next record, reserved; it may hold the oldest one still. -1: there is no
 * room for it. Same promises.
 */
int64_t ledger_file_next(enum ledger_section_id section);

/* Counts something that the ledger could not record. No effect without a ledger. */
void ledger_file_lost(enum ledger_lost reason);

/* The string's offset in SECTION_STRINGS, interned; 0 when it can't be kept. */
uint32_t ledger_file_string(const char *text);

/* The program is about to forbid us our system calls: makes the ledger, and reserves what may be
 * needed. */
void ledger_file_prepare(void);
/* From now on nothing is asked of the kernel for the ledger's sake. `false` takes that back. */
void ledger_file_freeze(bool frozen);
/* The program is about to lock all its memory: gives back what was mapped and never touched, then
 * freezes. */
void ledger_file_trim(void);

#endif
