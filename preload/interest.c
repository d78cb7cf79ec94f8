/* SPDX-License-Identifier: MIT */
#include "interest.h"
#include "process.h"

#include <sockaudit/verdict.h>

/*
 * data -> the number last registered with it, + 1. The key keeps the order of addresses, so that
 * the connections of a program, which stand close together, share cache lines and pages here. A
 * collision forgets the older: its hang-up is then the kernel's to tell.
 */
#define OWNERS (1u << 15)
static uint32_t owners[OWNERS];

static uint32_t owner_key(uint64_t data)
{
	return (uint32_t)((data >> 4) ^ (data >> 20) ^ (data >> 40)) % OWNERS;
}

static bool is_registered(int epoll, int fd, uint64_t data)
{
	const struct ledger_slot *slot = fdtable_is_socket(fd) ? fdtable_slot(fd) : NULL;

	return slot && slot->epoll_fd == epoll + 1 && slot->epoll_data == data;
}

int interest_socket(int epoll, uint64_t data)
{
	/* The descriptor itself, alone or with something of the program's own in the upper half. */
	int fd = (int)(uint32_t)data;
	if (is_registered(epoll, fd, data))
		return fd;
	fd = (int)__atomic_load_n(&owners[owner_key(data)], __ATOMIC_RELAXED) - 1;
	return is_registered(epoll, fd, data) ? fd : -1;
}

uint32_t interest_registered[INTEREST_EPOLLS];

static void count_add(int epoll, uint32_t change)
{
	__atomic_fetch_add(&interest_registered[epoll], change, __ATOMIC_RELAXED);
}

void interest_leave(struct ledger_slot *slot)
{
	if (!slot->epoll_fd)
		return;
	count_add(slot->epoll_fd - 1, -1u);
	slot->epoll_fd = 0;
}

void interest_end_search(int epoll)
{
	unsigned end = fdtable_end();

	if (!__atomic_exchange_n(&interest_registered[epoll], 0, __ATOMIC_RELAXED))
		return;
	for (unsigned fd = 0; fd < end; fd++) {
		struct ledger_slot *slot =
			fdtable_is_socket((int)fd) ? fdtable_slot((int)fd) : NULL;

		if (slot && slot->epoll_fd == epoll + 1) {
			slot->epoll_fd = 0;
			slot->epoll_since = cycles_now();
			fdtable_aside(slot, 0); /* no epoll_ctl() took it out */
		}
	}
}

void interest_begin(int epoll)
{
	/* The former epoll of this number went behind our back. */
	if (ledger->slots && process_is_ours())
		interest_end(epoll);
}

void interest_change(int epoll, int operation, int fd, const struct epoll_event *event, void *frame)
{
	struct ledger_slot *slot = track_slot(fd, CALL_epoll_ctl);

	if (!slot || !process_is_ours() || (unsigned)epoll >= INTEREST_EPOLLS)
		return;
	if (operation == EPOLL_CTL_DEL) {
		/* Another epoll may hold it still: the latest one is told of. */
		if (slot->epoll_fd != epoll + 1)
			return;
		interest_leave(slot);
	} else {
		if (slot->epoll_fd != epoll + 1) {
			interest_leave(slot);
			count_add(epoll, 1);
			fdtable_watch_end(epoll, true);
		}
		slot->epoll_interest = event->events;
		slot->epoll_data = event->data.u64;
		slot->epoll_fd = epoll + 1;
		if (event->data.u64 != (uint32_t)fd)
			__atomic_store_n(&owners[owner_key(event->data.u64)], (uint32_t)fd + 1,
					 __ATOMIC_RELAXED);
	}
	slot->epoll_since = cycles_now();
	/* Not of a change that goes on waiting: that is no leak, and a stack costs 30 ns. */
	bool waits = slot->epoll_fd && (slot->epoll_interest & EPOLLIN);
	/* Nor where its end was read: it is told from there. */
	bool is_over = slot->eof_at && !verdict_is_of_before(slot, slot->eof_at);
	if ((!waits && !is_over) || ASIDE_STACK(slot))
		fdtable_aside(slot, waits || is_over ? 0 : stacks_capture(frame));
}
