/* SPDX-License-Identifier: MIT */
#include "parent.h"
#include "process.h"
#include "sys.h"
#include <sockaudit/cycles.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

struct page {
	struct parent parent;
	bool untold;
};
_Static_assert(sizeof(struct page) <= sizeof ledger_page.parent, "it fits where it is kept");
#define page_kept ((struct page *)ledger_page.parent)
#define kept	  (page_kept->parent)

static uint64_t closed_by(const struct ledger_header *header)
{
	return __atomic_load_n(&header->totals.closed, __ATOMIC_RELAXED) +
	       __atomic_load_n(&header->totals.foreign_closed, __ATOMIC_RELAXED);
}

/* Cycles would need the ledger's clocks, which are worth nothing in its first milliseconds. Where
 * the kernel's page is hidden (valgrind) it is a system call. */
static uint64_t coarse_ms(void)
{
	struct timespec now = { 0, 0 };

	if (!process_is_filtered())
		clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct parent parent_take(enum call call, void *frame)
{
	struct parent parent = { .header = ledger->header };

	/* A child of a child that never had a ledger keeps its grandparent. */
	if (!ledger->slots)
		return kept;
	parent.stack = stacks_capture(frame);
	parent.call = call;
	parent.at = cycles_now();
	parent.at_ms = coarse_ms();
	parent.closed = closed_by(parent.header);
	fdtable_recent(parent.fds);
	for (unsigned i = 0; i < FDTABLE_RECENT; i++)
		if (fdtable_record(parent.fds[i])) /* not a hole */
			parent.slots[i] = ledger->slots[parent.fds[i]];
		else
			parent.fds[i] = -1;
	return parent;
}

void parent_keep(const struct parent *parent)
{
	if (!parent->header)
		return;
	kept = *parent;
	page_kept->untold = true;
}

static const void *section_of(enum ledger_section_id section)
{
	return (const char *)kept.header + kept.header->sections[section].offset;
}

/* A stack of the parent's in this process's own numbers: the code stands at the same addresses. */
static stack_id stack_of_parent(stack_id number)
{
	uintptr_t addresses[LEDGER_FRAMES_MAX];

	if (!number || number >= kept.header->sections[SECTION_STACKS].capacity)
		return 0;
	const struct ledger_stack *stack =
		(const struct ledger_stack *)section_of(SECTION_STACKS) + number;
	const struct ledger_module *modules = section_of(SECTION_MODULES);
	const uint64_t *frames = (const uint64_t *)section_of(SECTION_FRAMES) + stack->frames;
	unsigned count =
		stack->frame_count < LEDGER_FRAMES_MAX ? stack->frame_count : LEDGER_FRAMES_MAX;

	for (unsigned i = 0; i < count; i++)
		addresses[i] = modules[FRAME_MODULE(frames[i])].bias + FRAME_OFFSET(frames[i]);
	return stacks_intern(addresses, count);
}

void parent_tell_fork(void)
{
	if (!page_kept->untold || !ledger->slots)
		return;
	page_kept->untold = false;
	ledger->header->fork_pid = kept.header->pid;
	ledger->header->fork_at = kept.at;
	ledger->header->fork_call = kept.call;
	ledger->header->fork_stack = stack_of_parent(kept.stack);
}

static bool is_it(const struct ledger_slot *slot, uint64_t cookie)
{
	uint32_t phase = LIFE_PHASE(slot->life);

	return slot->cookie == cookie &&
	       (phase == PHASE_OPEN || phase == PHASE_CLOSING || phase == PHASE_GONE);
}

/* The parent's slot of a number as it stands now. Its page may be a hole that a full tmpfs could
 * not fill. */
static bool slot_now(int fd, struct ledger_slot *slot)
{
	const struct ledger_slot *place =
		(const struct ledger_slot *)section_of(SECTION_SLOTS) + fd;
	uintptr_t page = (uintptr_t)place & -(uintptr_t)4096;
	static uintptr_t there; /* the last page that was asked for: neighbours need not ask */

	if ((uint32_t)fd > kept.header->max_fd)
		return false;
	if (page != there && sys_madvise((void *)page, 4096, MADV_POPULATE_READ) != 0)
		return false;
	there = page;
	*slot = *place;
	return true;
}

uint32_t parent_tell_slot(int fd, struct ledger_slot *slot)
{
	struct ledger_slot known;
	bool found = false;

	if (!kept.header || !slot->cookie)
		return SOCKET_COPIED;
	for (unsigned i = 0; i < FDTABLE_RECENT && !found; i++)
		if (kept.fds[i] == fd && is_it(&kept.slots[i], slot->cookie)) {
			known = kept.slots[i];
			found = true;
		}
	if (!found && (!slot_now(fd, &known) || !is_it(&known, slot->cookie)))
		return SOCKET_COPIED;
	slot->opened_at = known.opened_at;
	slot->opened_call = known.opened_call;
	slot->opened_stack = stack_of_parent(known.opened_stack);
	slot->connect_at = known.connect_at;
	slot->connect_call = known.connect_call;
	slot->connect_errno = known.connect_errno;
	slot->connect_stack = stack_of_parent(known.connect_stack);
	slot->flags |= known.flags & (SOCKET_CONNECTOR | SOCKET_STDIO);
	/* The path of an AF_UNIX socket is a string in the parent's book. */
	if (!slot->peer.known && known.family != AF_UNIX)
		slot->peer = known.peer;
	return known.flags;
}

bool parent_is_known(void)
{
	return kept.header != NULL;
}

bool parent_has_closed(void)
{
	return closed_by(kept.header) != kept.closed;
}

uint64_t parent_forked_ms_ago(void)
{
	uint64_t now = coarse_ms();

	return kept.at_ms && now > kept.at_ms ? now - kept.at_ms : 0;
}

bool parent_forked_within(uint64_t ms)
{
	return kept.at && cycles_now() - kept.at < ms * CYCLES_MS_LEAST;
}

bool parent_let_go(int fd)
{
	struct ledger_slot known;

	if (!slot_now(fd, &known))
		return false;
	enum ledger_phase phase = LIFE_PHASE(known.life);
	bool open = phase == PHASE_OPEN || phase == PHASE_CLOSING;
	/* A socket that was opened since is another one. */
	return phase == PHASE_GONE || (open && known.opened_at > kept.at);
}
