/* SPDX-License-Identifier: MIT */
/*
 * The table of descriptors: which numbers are watched, and the life of each slot. Lock-free; safe
 * in a signal handler. Two threads meet on one number only around its close, and then the word
 * `life` decides.
 */
#ifndef FDTABLE_H
#define FDTABLE_H

#include "ledger_file.h"
#include "real.h"
#include "stacks.h"

/* What a number is to the hooks: one byte each, private memory, so a child's copy tells what it
 * inherited. */
enum watch {
	WATCH_NOT,
	WATCH_SOCKET = 1,
	WATCH_CLOSED = 2, /* the number of a socket that was closed here, and nobody's as far as we
			     know */
	WATCH_SHARED = 4, /* with WATCH_SOCKET: other descriptors here lead to the same socket */
	WATCH_END = 8,	  /* only its close() has something to tell: an epoll with sockets, or the
			     number of a socket whose misuse was told */
	WATCH_INHERITED = 0x80, /* a socket of the parent that this process has not used yet */
};
extern uint8_t fdtable_watch[LEDGER_SLOTS_MAX] __attribute__((visibility("hidden")));

/* Whether a call on the number has something to tell: of a socket, or that there is none any more.
 */
static inline bool fdtable_watches(int fd)
{
	return (unsigned)fd < LEDGER_SLOTS_MAX && (fdtable_watch[fd] & ~WATCH_END);
}

/* The same of a close(). */
static inline bool fdtable_watches_end(int fd)
{
	return (unsigned)fd < LEDGER_SLOTS_MAX && fdtable_watch[fd];
}

/* There are numbers of which it matters whether a call on them has begun: copies, and sockets of
 * the parent's. */
#define fdtable_touchy (ledger_page.touchy)

/* Whether the number is a socket's, as far as we know. */
static inline bool fdtable_is_socket(int fd)
{
	return (unsigned)fd < LEDGER_SLOTS_MAX &&
	       (fdtable_watch[fd] & (WATCH_SOCKET | WATCH_INHERITED));
}

/* The slot of a watched number in this process's own ledger; NULL when it must first be adopted. */
static inline struct ledger_slot *fdtable_slot(int fd)
{
	struct ledger_slot *slots = ledger->slots;

	return slots && (fdtable_watch[fd] & WATCH_SOCKET) ? slots + fd : NULL;
}

/* The same of a number below LEDGER_SLOTS_MAX, if it is neither a copy nor the parent's: of nearly
 * all. */
static inline struct ledger_slot *fdtable_own(int fd)
{
	struct ledger_slot *slots = ledger->slots;

	return __builtin_expect(fdtable_watch[fd] == WATCH_SOCKET && slots, 1) ? slots + fd : NULL;
}

/* A slot's number; -1 when it is another ledger's: a signal handler has forked while a call waited,
 * and this is the child. */
static inline int fdtable_number(const struct ledger_slot *slot)
{
	uintptr_t number = (uintptr_t)(slot - ledger->slots);

	return ledger->slots && number < ledger->header->sections[SECTION_SLOTS].capacity
		       ? (int)number
		       : -1;
}

/* The slot of any number that has had one here, whatever became of it; NULL if it never had. */
struct ledger_slot *fdtable_record(int fd);

/*
 * All that follow do nothing where there is no ledger (any more): a signal handler may have forked
 * in the middle of a hook, and its child goes on there.
 *
 * A new life for a number, all facts zero: fill it, then fdtable_publish(). What the slot held
 * before has ended: by a close that is still returning, or behind our back (drift). NULL when it
 * can't be recorded (counted).
 */
struct ledger_slot *fdtable_begin(int fd, uint32_t *begun);
/* Counts the opening (`origin` tells to which sum) and lets the hooks see it. */
void fdtable_publish(int fd, struct ledger_slot *slot, uint32_t begun);

/* Keeps ledger_slot.aside_stack; 0 forgets it. */
void fdtable_aside(struct ledger_slot *slot, stack_id stack);

/* The program has opened something: the sign, at exit, that it went on after an EOF. A pair is one.
 */
void fdtable_note_opening(uint64_t at);

/* Before the real close: the life that is ending (0: none), with who ends it. */
uint32_t fdtable_retire(int fd, enum call call, stack_id stack);
/* After it: the descriptor is gone. `drift`: it went before, and nobody saw how: why we know.
 * Counts it exactly once. False: another thread was first. */
bool fdtable_finish(int fd, uint32_t life, enum ledger_drift drift);
/* An open life turned out to have ended behind our back. */
void fdtable_lose(int fd, uint32_t life, enum ledger_drift drift);
/* Calls on the number of a closed socket are not looked at any more, but for its close(). */
void fdtable_unwatch(int fd);
/* The close() of a number that is no socket's will have something to tell; or has told it. */
void fdtable_watch_end(int fd, bool will);
/* And it turned out to belong to something else than that socket. */
void fdtable_forget(int fd);
/* After it failed and closed nothing. */
void fdtable_restore(int fd, uint32_t life);

/* Two numbers share one open file description from now on: the new life's slot joins the other's
 * group. */
void fdtable_group(struct ledger_slot *from, struct ledger_slot *copy);

/* The numbers that were opened last, newest first, as far as known; -1 fills the rest. For a child
 * that is about to be forked: its parent may give the number to another socket before the child
 * looks. */
#define FDTABLE_RECENT 4
void fdtable_recent(int fds[FDTABLE_RECENT]);

/* A socket that was open when the program began: inherited until it is used. */
void fdtable_found(int fd);

/* In a child that now has its own ledger: every watched number is inherited until it is used. */
void fdtable_inherit(void);

/* One more than the highest number that was ever watched. */
unsigned fdtable_end(void);

#endif
