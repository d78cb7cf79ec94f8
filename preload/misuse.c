/* SPDX-License-Identifier: MIT */
#include "misuse.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <errno.h>
#include <fcntl.h>
#include <sockaudit/cycles.h>

__thread struct misuse_run misuse_run;

/* Shorter runs are pairs of descriptors, closed twice by the same error path. */
#define SWEEP_LEAST 3
/* No error path closes so many neighbours one by one: this is a sweep even if all had been sockets.
 */
#define SWEEP_SURELY 16

static uint32_t this_thread(void)
{
	return (uint32_t)((uintptr_t)&misuse_run >> 4);
}

/* Who closed it by going through all numbers has forgotten whose it was. */
static void owner_forget(int fd)
{
	struct ledger_slot *slot = fdtable_record(fd);

	if (slot && LIFE_PHASE(slot->life) == PHASE_GONE)
		track_flags(slot, SOCKET_SUCCEEDED, 0);
}

/* What this run has been blamed for so far was a sweep's doing. */
static void run_forgive(void)
{
	int first = misuse_run.first, last = misuse_run.last, low = first < last ? first : last,
	    high = first < last ? last : first, end = (int)fdtable_end();

	for (int fd = low; fd <= high && fd < end; fd++)
		owner_forget(fd);

	for (uint32_t i = misuse_run.before ? misuse_run.before : 1; i < ledger->misuses_end; i++) {
		struct ledger_misuse *misuse = &ledger->misuses[i];

		if (misuse->thread == this_thread() && misuse->kind == MISUSE_DOUBLE_CLOSE)
			__atomic_store_n(&misuse->kind, MISUSE_VOID, __ATOMIC_RELEASE);
	}
}

static void run_follow(int fd, bool never_ours)
{
	int step = fd - misuse_run.last;
	bool same_way = !misuse_run.step || (step > 0) == (misuse_run.step > 0);
	uint32_t recorded = ledger->misuses_end;

	if (misuse_run.length && step && step >= -MISUSE_STEP_MOST && step <= MISUSE_STEP_MOST &&
	    same_way) {
		misuse_run.step = step > 0 ? 1 : -1;
		if (misuse_run.length < 0x7fff)
			misuse_run.length++;
	} else if (misuse_run.length && (step == 1 || step == -1)) {
		/* It turns: the last of the one run was the first of this one. */
		misuse_run.step = (int16_t)step;
		misuse_run.length = 2;
		misuse_run.sweep = 0;
		misuse_run.first = misuse_run.last;
		misuse_run.before = misuse_run.latest;
	} else {
		misuse_run = misuse_run_from(fd);
	}
	misuse_run.last = fd;
	misuse_run.latest = recorded;
	if (misuse_run.before > recorded) /* those were the parent's */
		misuse_run.before = recorded;
	/* The standard descriptors' neighbours are closed in a row by daemons only. */
	bool sweep = (misuse_run.length >= SWEEP_LEAST && (never_ours || fd <= 2)) ||
		     misuse_run.length >= SWEEP_SURELY;
	/* What a vfork child sweeps away is still its parent's. */
	if ((!sweep && !misuse_run.sweep) || !process_is_ours())
		return;
	if (!misuse_run.sweep)
		run_forgive();
	else
		owner_forget(fd);
	misuse_run.sweep = 1;
}

static void misuse_keep(int fd, enum ledger_misuse_kind kind, const struct ledger_slot *slot,
			enum call call, void *frame)
{
	uint32_t at = ledger_file_take(SECTION_MISUSES, 1);

	if (!at) {
		ledger_file_lost(LOST_MISUSES);
		return;
	}
	struct ledger_misuse *misuse = &ledger->misuses[at];
	*misuse = (struct ledger_misuse){
		.kind = kind,
		.fd = fd,
		.stack = stacks_capture(frame),
		.opened_stack = slot->opened_stack,
		.closed_stack = slot->closed_stack,
		.call = (uint8_t)call,
		.opened_call = slot->opened_call,
		.closed_call = slot->closed_call,
		.type = slot->type,
		.error = EBADF,
		.family = slot->family,
		.thread = this_thread(),
		.opened_at = slot->opened_at,
		.closed_at = slot->closed_at,
		.cookie = slot->cookie,
		.local = slot->local,
		.peer = slot->peer,
	};
	__atomic_store_n(&misuse->at, cycles_now(), __ATOMIC_RELEASE);
	for (uint32_t end = __atomic_load_n(&ledger->misuses_end, __ATOMIC_RELAXED);
	     end <= at && !__atomic_compare_exchange_n(&ledger->misuses_end, &end, at + 1, false,
						       __ATOMIC_RELAXED, __ATOMIC_RELAXED);)
		;
}

/* Who closed it by a range of numbers has forgotten its owner, who will use or close it once more.
 */
static bool closed_by_owner(const struct ledger_slot *slot)
{
	return slot->closed_call && LIFE_PHASE(slot->life) == PHASE_GONE &&
	       !(slot->flags & SOCKET_SUCCEEDED) && slot->closed_call != CALL_close_range &&
	       slot->closed_call != CALL_closefrom;
}

void misuse_closed(int fd, const struct ledger_slot *slot, enum close_result result, enum call call,
		   void *frame)
{
	bool ours_once = slot && closed_by_owner(slot);

	if (fd < 0)
		return;
	run_follow(fd, result == CLOSE_REFUSED && !ours_once);
	if (result == CLOSE_REFUSED && ours_once && !misuse_run.sweep && process_is_ours())
		misuse_keep(fd, MISUSE_DOUBLE_CLOSE, slot, call, frame);
	/* Its next close() is to be looked at, too. */
	if (result == CLOSE_REFUSED && ours_once && process_is_ours())
		fdtable_watch_end(fd, true);
	/* The number had another owner since, a file perhaps, and that one was closed. */
	if (result == CLOSED_OTHER && slot && process_is_ours())
		fdtable_forget(fd);
}

__attribute__((noinline)) void misuse_closed_near(int fd)
{
	run_follow(fd, false);
}

void misuse_used(int fd, int error, enum call call, void *frame)
{
	const struct ledger_slot *slot = fdtable_record(fd);

	if (!slot || !process_is_ours())
		return;
	/* EBADF may speak of something else: a file that is not open for writing, an epoll, the
	 * other file of a sendfile(). Without a way to ask, it may be no alarm. */
	if (error == EBADF && process_is_filtered())
		return;
	if (error != EBADF || sys_call(SYS_fcntl, fd, F_GETFD, 0, 0) != -EBADF) {
		fdtable_forget(fd);
		return;
	}
	/* Closing a listener is how many a program tells the thread in accept() to end. */
	if (closed_by_owner(slot) && !(slot->flags & SOCKET_LISTENING)) {
		misuse_keep(fd, MISUSE_USE_AFTER_CLOSE, slot, call, frame);
		/* Once: a loop that never ends must not fill the ledger, nor cost more than libc.
		 */
		fdtable_unwatch(fd);
	}
}
