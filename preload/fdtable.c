/* SPDX-License-Identifier: MIT */
#include "fdtable.h"
#include "history.h"
#include <sockaudit/cycles.h>
#include <string.h>

uint8_t fdtable_watch[LEDGER_SLOTS_MAX];

static struct {
	uint32_t count;
	int fds[FDTABLE_RECENT];
} recent;

static unsigned watched_end; /* copied at fork with the table that it bounds */

static uint32_t life_of(const struct ledger_slot *slot)
{
	return __atomic_load_n(&slot->life, __ATOMIC_ACQUIRE);
}

/* Succeeds once for each life and phase: whoever wins acts. */
static bool life_change(struct ledger_slot *slot, uint32_t from, enum ledger_phase to)
{
	return __atomic_compare_exchange_n(&slot->life, &from, (from & ~7u) | to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void add(uint64_t *count)
{
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

unsigned fdtable_end(void)
{
	return __atomic_load_n(&watched_end, __ATOMIC_ACQUIRE);
}

struct ledger_slot *fdtable_record(int fd)
{
	if (fd < 0 || !ledger->slots || !ledger_file_has_slot((uint32_t)fd))
		return NULL;
	return life_of(ledger->slots + fd) ? ledger->slots + fd : NULL;
}

static void raise_to(uint32_t *highest, uint32_t value)
{
	uint32_t seen = __atomic_load_n(highest, __ATOMIC_RELAXED);

	while (seen < value && !__atomic_compare_exchange_n(highest, &seen, value, false,
							    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

struct ledger_slot *fdtable_begin(int fd, uint32_t *begun)
{
	struct ledger_header *header = ledger->header;
	struct ledger_slot *slots = ledger->slots, *slot = slots + fd;

	if (fd < 0 || !slots || !header)
		return NULL;
	if (!ledger_file_reserve(SECTION_SLOTS, (uint32_t)fd, 1)) {
		ledger_file_lost(LOST_SLOTS);
		return NULL;
	}
	raise_to(&header->max_fd, (uint32_t)fd);
	for (;;) {
		uint32_t life = life_of(slot), next;

		if (LIFE_PHASE(life) == PHASE_OPEN || LIFE_PHASE(life) == PHASE_CLOSING) {
			fdtable_finish(fd, life,
				       LIFE_PHASE(life) == PHASE_OPEN ? DRIFT_NUMBER_MET
								      : DRIFT_NOT);
			continue;
		}
		/*
		 * FILLING: whoever was filling left by longjmp, or its descriptor went meanwhile,
		 * else the kernel would not have given us the number. It can't publish after this.
		 */
		next = (LIFE_GENERATION(life) + 1) << 3 | PHASE_FILLING;
		if (__atomic_compare_exchange_n(&slot->life, &life, next, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
			*begun = next;
			break;
		}
	}
	/* group_refs stays: it may count a group whose first descriptor had this number. */
	memset(slot, 0, offsetof(struct ledger_slot, life));
	memset(&slot->net_ns, 0,
	       offsetof(struct ledger_slot, group_refs) - offsetof(struct ledger_slot, net_ns));
	memset(&slot->eof_at, 0, sizeof *slot - offsetof(struct ledger_slot, eof_at));
	return slot;
}

static uint64_t *total_of(enum ledger_origin origin)
{
	struct ledger_totals *totals = &ledger->header->totals;

	switch (origin) {
	case ORIGIN_SOCKET:
	case ORIGIN_ACCEPT:
	case ORIGIN_PAIR:
		return &totals->opened;
	case ORIGIN_COPY:
		return &totals->copied;
	case ORIGIN_INHERITED:
		return &totals->inherited;
	case ORIGIN_RECEIVED:
		return &totals->received;
	case ORIGIN_ADOPTED:
		return &totals->adopted;
	case ORIGIN_NONE:
		break;
	}
	return NULL;
}

void fdtable_aside(struct ledger_slot *slot, stack_id stack)
{
	/* Its three bytes stand above closed_call in one word: written whole, so that two threads
	 * which accept at once can't leave bytes of both. */
	uint32_t *word = (uint32_t *)__builtin_assume_aligned(&slot->closed_call, 4);
	uint32_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (stack >= ASIDE_STACKS_MAX)
		stack = 0;
	while (seen >> 8 != stack &&
	       !__atomic_compare_exchange_n(word, &seen, stack << 8 | (seen & 0xff), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void fdtable_note_opening(uint64_t at)
{
	static uint32_t count;
	struct ledger_header *header = ledger->header;

	if (!header)
		return;
	header->openings[__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) % 8] = at;
}

static void touch(void)
{
	__atomic_store_n(&fdtable_touchy, true, __ATOMIC_RELAXED);
}

static void watch_socket(int fd, const struct ledger_slot *slot)
{
	__atomic_store_n(&fdtable_watch[fd], WATCH_SOCKET | (slot->group ? WATCH_SHARED : 0),
			 __ATOMIC_RELEASE);
}

void fdtable_publish(int fd, struct ledger_slot *slot, uint32_t begun)
{
	if (!ledger->header)
		return;
	uint64_t *total = total_of(slot->origin);
	struct ledger_stack *stack = stacks_record(slot->opened_stack);
	uint64_t opened_at = slot->opened_at;

	/* Another thread may have been given the number, and have begun the slot anew. */
	if (!life_change(slot, begun, PHASE_OPEN)) {
		ledger_file_lost(LOST_RACES);
		return;
	}
	/* After the slot: a hook that sees the byte finds the life. */
	watch_socket(fd, slot);
	uint32_t turn = __atomic_fetch_add(&recent.count, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&recent.fds[turn % FDTABLE_RECENT], fd, __ATOMIC_RELAXED);
	raise_to(&watched_end, (uint32_t)fd + 1);
	if (total)
		add(total);
	if (stack) {
		uint64_t opened = __atomic_add_fetch(&stack->opened, 1, __ATOMIC_RELAXED);
		uint64_t closed = __atomic_load_n(&stack->closed, __ATOMIC_RELAXED);

		if (opened > closed)
			raise_to(&stack->peak, (uint32_t)(opened - closed));
		history_note(stack, opened_at);
	}
}

uint32_t fdtable_retire(int fd, enum call call, stack_id stack)
{
	struct ledger_slot *slots = ledger->slots, *slot = slots + fd;
	uint32_t life = slots ? life_of(slot) : 0;

	if (LIFE_PHASE(life) == PHASE_CLOSING)
		return life; /* a close that was cancelled, and is tried again */
	if (LIFE_PHASE(life) != PHASE_OPEN || !life_change(slot, life, PHASE_CLOSING))
		return 0;
	slot->closed_stack = stack;
	slot->closed_call = (uint8_t)call;
	slot->closed_at = cycles_now();
	__atomic_store_n(&fdtable_watch[fd], WATCH_CLOSED, __ATOMIC_RELEASE);
	return (life & ~7u) | PHASE_CLOSING;
}

/* Where the sockets that were opened at `stack` were closed: the first few sites by name. */
static void closer_count(struct ledger_stack *stack, stack_id where, uint32_t call)
{
	for (unsigned i = 0; i < LEDGER_CLOSERS; i++) {
		struct ledger_closer *closer = &stack->closers[i];
		stack_id seen = __atomic_load_n(&closer->stack, __ATOMIC_ACQUIRE);

		if (!seen && __atomic_compare_exchange_n(&closer->stack, &seen, where, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			closer->call = call;
			seen = where;
		}
		if (seen == where) {
			add(&closer->count);
			return;
		}
	}
	add(&stack->closed_elsewhere);
}

/* True when no other descriptor here leads to the same socket. */
static bool group_leave(struct ledger_slot *slots, uint32_t home)
{
	return !home || __atomic_sub_fetch(&slots[home - 1].group_refs, 1, __ATOMIC_ACQ_REL) == 0;
}

/* What a life's end is counted by. */
struct last_words {
	uint32_t home, flags;
	stack_id opened_stack, closed_stack;
	uint8_t closed_call, end;
	bool after_eof, after_error;
	uint32_t changes;   /* of direction */
	uint32_t exchanges; /* requests with their answers */
};

/* Races with the number's next owner on purpose: what was read counts only if the life is still the
 * same after. */
__attribute__((no_sanitize("thread"))) static struct last_words
last_words(const struct ledger_slot *slot)
{
	struct last_words words = { .home = slot->group,
				    .flags = slot->flags,
				    .changes = slot->exchanges,
				    .exchanges = history_exchanges(slot),
				    .opened_stack = slot->opened_stack,
				    .closed_stack = slot->closed_stack,
				    .closed_call = slot->closed_call,
				    .end = slot->end,
				    .after_eof = slot->eof_at != 0,
				    .after_error = slot->error_at != 0 };

	/* Partner: the release in life_change() of whoever ends or begins a life here. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return words;
}

/* How connections end belongs to the site that closes them. */
static void end_count(const struct last_words *words)
{
	static const uint32_t counts[] = {
		[END_FIRST] = offsetof(struct ledger_stack, closed_by_us_first),
		[END_SECOND] = offsetof(struct ledger_stack, closed_by_peer_first),
		[END_RESET_UNREAD] = offsetof(struct ledger_stack, resets_unread),
		[END_RESET_LINGER] = offsetof(struct ledger_stack, resets_linger),
		[END_DEAD] = offsetof(struct ledger_stack, ended_dead),
		[END_UNKNOWN] = offsetof(struct ledger_stack, ended_unknown),
	};
	struct ledger_stack *stack = words->end ? stacks_record(words->closed_stack) : NULL;

	if (!stack || words->end > END_UNKNOWN)
		return;
	add((uint64_t *)((char *)stack + counts[words->end]));
	if (words->end == END_FIRST)
		__atomic_fetch_add(&stack->first_exchanges, (words->changes + 1) / 2,
				   __ATOMIC_RELAXED);
}

bool fdtable_finish(int fd, uint32_t life, enum ledger_drift drift)
{
	struct ledger_header *header = ledger->header;
	struct ledger_slot *slots = ledger->slots, *slot = slots + fd;

	if (!life || !slots || !header)
		return false;
	struct ledger_totals *totals = &header->totals;
	/* Read before: from the change on, another thread may fill the slot with the next life. */
	struct last_words words = last_words(slot);
	if (!life_change(slot, life, PHASE_GONE))
		return false;
	if (drift)
		add(&totals->drift_by[drift]);
	if (group_leave(slots, words.home)) {
		add(words.flags & SOCKET_FOREIGN ? &totals->foreign_closed : &totals->closed);
		if (drift && !(words.flags & SOCKET_FOREIGN))
			add(&totals->drift);
		if (!drift)
			end_count(&words);
	}
	struct ledger_stack *stack = stacks_record(words.opened_stack);
	if (!stack)
		return true;
	add(&stack->closed);
	history_note(stack, cycles_now());
	history_used(stack, words.exchanges);
	if (drift)
		add(&stack->drifted);
	else if (words.closed_stack)
		closer_count(stack, words.closed_stack, words.closed_call);
	if (words.after_eof)
		add(&stack->closed_after_eof);
	else if (words.after_error)
		add(&stack->closed_after_error);
	return true;
}

void fdtable_lose(int fd, uint32_t life, enum ledger_drift drift)
{
	__atomic_store_n(&fdtable_watch[fd], WATCH_NOT, __ATOMIC_RELEASE);
	/* Another thread's, that was given the number meanwhile: it must stay watched. */
	struct ledger_slot *slots = ledger->slots;
	if (!fdtable_finish(fd, life, drift) && slots &&
	    LIFE_PHASE(life_of(slots + fd)) == PHASE_OPEN)
		watch_socket(fd, slots + fd);
}

static void watch_change(int fd, uint8_t from, uint8_t to)
{
	__atomic_compare_exchange_n(&fdtable_watch[fd], &from, to, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_ACQUIRE);
}

void fdtable_unwatch(int fd)
{
	/* A socket of another thread may have taken the number meanwhile. */
	watch_change(fd, WATCH_CLOSED, WATCH_END);
}

void fdtable_watch_end(int fd, bool will)
{
	watch_change(fd, will ? WATCH_NOT : WATCH_END, will ? WATCH_END : WATCH_NOT);
}

void fdtable_forget(int fd)
{
	struct ledger_slot *slot = fdtable_record(fd);

	if (!slot)
		return;
	fdtable_unwatch(fd);
	/* Not its closed_call: who closed it is still to be told of a socket that a child has. */
	if (LIFE_PHASE(life_of(slot)) == PHASE_GONE)
		__atomic_fetch_or(&slot->flags, SOCKET_SUCCEEDED, __ATOMIC_RELAXED);
}

void fdtable_restore(int fd, uint32_t life)
{
	struct ledger_slot *slots = ledger->slots, *slot = slots + fd;

	if (!life || !slots)
		return;
	slot->closed_stack = 0;
	slot->closed_call = 0;
	slot->closed_at = 0;
	slot->end = END_NOT;
	if (life_change(slot, life, PHASE_OPEN))
		watch_socket(fd, slot);
}

void fdtable_group(struct ledger_slot *from, struct ledger_slot *copy)
{
	uint32_t home = __atomic_load_n(&from->group, __ATOMIC_ACQUIRE);

	if (!home) {
		/*
		 * Any slot with pages can be the home. There are no more groups than open
		 * descriptors, so one is free; nearly always it is the socket's own.
		 */
		uint32_t start = (uint32_t)(from - ledger->slots),
			 end = __atomic_load_n(&ledger->header->max_fd, __ATOMIC_RELAXED) + 1,
			 nobody = 0;

		for (uint32_t i = 0; i < end && !home; i++, nobody = 0) {
			uint32_t at = (start + i) % end;

			if (ledger_file_has_slot(at) &&
			    __atomic_compare_exchange_n(&ledger->slots[at].group_refs, &nobody, 1,
							false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
				home = at + 1;
		}
		if (!home)
			return;
		uint32_t none = 0;
		if (!__atomic_compare_exchange_n(&from->group, &none, home, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			/* Another thread copied it at the same time and found a home first. */
			__atomic_store_n(&ledger->slots[home - 1].group_refs, 0, __ATOMIC_RELEASE);
			home = none;
		}
		__atomic_fetch_or(&from->flags, SOCKET_COPIED, __ATOMIC_RELAXED);
		uint8_t alone = WATCH_SOCKET;
		__atomic_compare_exchange_n(&fdtable_watch[from - ledger->slots], &alone,
					    WATCH_SOCKET | WATCH_SHARED, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
	}
	touch();
	__atomic_add_fetch(&ledger->slots[home - 1].group_refs, 1, __ATOMIC_ACQ_REL);
	copy->group = home;
	__atomic_fetch_or(&copy->flags, SOCKET_COPIED, __ATOMIC_RELAXED);
}

void fdtable_recent(int fds[FDTABLE_RECENT])
{
	uint32_t count = __atomic_load_n(&recent.count, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < FDTABLE_RECENT; i++)
		fds[i] = i < count ? __atomic_load_n(&recent.fds[(count - 1 - i) % FDTABLE_RECENT],
						     __ATOMIC_RELAXED)
				   : -1;
}

void fdtable_found(int fd)
{
	fdtable_watch[fd] = WATCH_INHERITED;
	touch();
	raise_to(&watched_end, (uint32_t)fd + 1);
}

void fdtable_inherit(void)
{
	unsigned end = fdtable_end();

	/* The latest numbers are the parent's, and may be holes here. */
	recent.count = 0;
	if (end)
		touch();
	for (unsigned fd = 0; fd < end; fd++)
		fdtable_watch[fd] = fdtable_is_socket((int)fd) ? WATCH_INHERITED : WATCH_NOT;
}
