/* SPDX-License-Identifier: MIT */
/* Calls that got no descriptor: EMFILE and ENFILE. A server that has none left may meet them in a
 * loop at full speed, so only the first and ever rarer later ones tell where. */
#include "process.h"
#include "sys.h"
#include "track.h"
#include <sys/resource.h>

static uint64_t limit_now(void)
{
	struct rlimit limit = { 0, 0 };

	if (process_is_filtered() || sys_call(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) != 0)
		return 0;
	return limit.rlim_cur;
}

void track_refused(int error, enum call call, void *frame)
{
	/* A process without a ledger gets none now: that takes a descriptor. */
	if (!ledger->slots || !process_ready_to_open())
		return;
	struct ledger_refusals *refusals =
		&ledger->header->refusals[error == ENFILE ? REFUSED_SYSTEM : REFUSED_PROCESS];
	uint64_t now = cycles_now(),
		 count = __atomic_add_fetch(&refusals->count, 1, __ATOMIC_RELAXED);

	__atomic_store_n(&refusals->last_at, now, __ATOMIC_RELAXED);
	if (count & (count - 1))
		return;
	/* The 1st, 2nd, 4th, 8th, ...: one thread at a time, but for a torn pair of place and call
	 * that the next one mends. */
	if (count == 1)
		refusals->first_at = now;
	refusals->limit = limit_now();
	refusals->call = (uint32_t)call;
	refusals->stack = stacks_capture(frame);
}
