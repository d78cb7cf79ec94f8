/* SPDX-License-Identifier: MIT */
/* How many sockets owe a close() now, for a program that asks. */
#include "ending.h"
#include "fdtable.h"
#include "process.h"
#include "sys.h"
#include "track.h"
#include <string.h>

static uint64_t checkpoint; /* for misuses, which are no sockets */

static struct ledger_slot *open_slot(uint32_t fd)
{
	/* A hole was never used; touching it would fill it. */
	struct ledger_slot *slot =
		fdtable_watch[fd] & WATCH_SOCKET ? ledger->slots + fd : fdtable_record((int)fd);

	return slot && ending_slot_is_open(slot) ? slot : NULL;
}

/* What all descriptors of its socket saw; false: a lower number has told it already. */
static bool merge_copies(uint32_t fd, struct ledger_slot *merged)
{
	uint32_t group = merged->group;

	for (uint32_t other = 0; group && other <= ledger->header->max_fd; other++) {
		struct ledger_slot *slot = other == fd ? NULL : open_slot(other);

		if (!slot || slot->group != group)
			continue;
		if (other < fd)
			return false;
		verdict_merge_open(merged, slot);
	}
	return true;
}

static bool owes_close(uint32_t fd, uint64_t now, double rate)
{
	const struct ledger_header *header = ledger->header;
	const struct ledger_slot *slot = open_slot(fd);
	struct ledger_snapshot snapshot = { .fd = (int32_t)fd };

	if (!slot)
		return false;
	struct ledger_slot merged = *slot;
	verdict_drop_strangers(&merged);
	if (!merge_copies(fd, &merged))
		return false;
	snapshot.type = merged.type;
	snapshot.family = merged.family;
	ending_ask((int)fd, &snapshot, merged.cookie);
	if (snapshot.gone)
		return false;
	struct verdict_kernel word = ending_word(&snapshot, now);
	struct verdict verdict = verdict_of(&merged, &word, rate);

	return verdict.rule != VERDICT_NONE && !verdict_is_excused((int)fd, &merged) &&
	       (!header->grace_given || cycles_to_ms(rate, verdict.since, now) >= header->grace_ms);
}

static uint32_t misuses(void)
{
	const struct ledger_section *section = &ledger->header->sections[SECTION_MISUSES];
	uint32_t used = section->used < section->capacity ? section->used : section->capacity,
		 count = 0;

	for (uint32_t i = 1; i < used; i++)
		count += ledger->misuses[i].at >= checkpoint && ledger->misuses[i].at &&
			 (ledger->misuses[i].kind == MISUSE_DOUBLE_CLOSE ||
			  ledger->misuses[i].kind == MISUSE_USE_AFTER_CLOSE);
	return count;
}

static bool may_ask(void)
{
	return ledger->slots && !process_is_filtered() && process_is_ours();
}

static double rate_now(uint64_t *now)
{
	struct ledger_clock clock = clock_pair_now();

	*now = clock.cycles;
	return clock_rate(&ledger->header->clock_start, &clock);
}

void ending_checkpoint(void)
{
	uint64_t now;

	if (!may_ask())
		return;
	double rate = rate_now(&now);
	checkpoint = now;
	for (uint32_t fd = 0; fd <= ledger->header->max_fd; fd++)
		if (owes_close(fd, now, rate))
			track_flags(ledger->slots + fd, SOCKET_COUNTED, 0);
}

uint32_t ending_count(void)
{
	uint64_t now;

	if (!may_ask())
		return 0;
	double rate = rate_now(&now);
	uint32_t count = misuses();
	for (uint32_t fd = 0; fd <= ledger->header->max_fd; fd++)
		count += owes_close(fd, now, rate) && !(ledger->slots[fd].flags & SOCKET_COUNTED);
	return count;
}
