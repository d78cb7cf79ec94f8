/* SPDX-License-Identifier: MIT */
/* Following a ledger's references, and its clock; see ledger_reader.h. */
#include "ledger_reader.h"

const struct ledger_slot *ledger_slot_of(const struct ledger *ledger, int fd)
{
	size_t low = 0, high = ledger->slot_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ledger->slots[middle].fd == fd)
			return &ledger->slots[middle].slot;
		if (ledger->slots[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *ledger_string(const struct ledger *ledger, uint32_t offset)
{
	return offset && offset < ledger->string_size ? ledger->strings + offset : "";
}

const char *ledger_call(const struct ledger *ledger, uint32_t index)
{
	return index && index < LEDGER_CALLS_MAX && ledger->header.calls[index][0]
		       ? ledger->header.calls[index]
		       : NULL;
}

const struct ledger_stack *ledger_stack_of(const struct ledger *ledger, stack_id stack)
{
	return stack && stack < ledger->stack_count ? &ledger->stacks[stack] : NULL;
}

unsigned ledger_frames(const struct ledger *ledger, stack_id stack, const uint64_t **frames)
{
	const struct ledger_stack *record = ledger_stack_of(ledger, stack);

	if (!record)
		return 0;
	*frames = ledger->frames + record->frames;
	return record->frame_count;
}

const struct ledger_thread *ledger_thread_of(const struct ledger *ledger, uint8_t number,
					     uint64_t at)
{
	size_t low = 0, high = ledger->thread_count;

	/* The last of those that are not later than this number at this time. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ledger_thread *thread = &ledger->threads[middle];
		if (thread->number < number || (thread->number == number && thread->at <= at))
			low = middle + 1;
		else
			high = middle;
	}
	return number && low && ledger->threads[low - 1].number == number
		       ? &ledger->threads[low - 1]
		       : NULL;
}

const struct ledger_module *ledger_module_of(const struct ledger *ledger, uint32_t module)
{
	return module && module < ledger->module_count ? &ledger->modules[module] : NULL;
}

uint64_t ledger_now(const struct ledger *ledger)
{
	const struct ledger_clock *start = &ledger->header.clock_start;

	if (ledger->header.cycles_kind == CYCLES_KIND)
		return cycles_now();
	struct ledger_clock now = clock_pair_now();
	if (now.monotonic_ns <= start->monotonic_ns)
		return start->cycles;
	return start->cycles +
	       (uint64_t)((double)(now.monotonic_ns - start->monotonic_ns) / ledger->ns_per_cycle);
}

/* What only a broken ledger says is capped: it must stay a number. */
static uint64_t cycles_to_ns(const struct ledger *ledger, uint64_t cycles)
{
	double ns = (double)cycles * ledger->ns_per_cycle;

	return ns < (double)INT64_MAX ? (uint64_t)ns : (uint64_t)INT64_MAX;
}

uint64_t ledger_realtime(const struct ledger *ledger, uint64_t cycles)
{
	/* The later pair where there is one: the wall clock may have been set since the start. */
	const struct ledger_clock *base = ledger->header.clock_last.cycles
						  ? &ledger->header.clock_last
						  : &ledger->header.clock_start;

	if (!cycles || !base->realtime_ns)
		return 0;
	if (cycles >= base->cycles)
		return base->realtime_ns + cycles_to_ns(ledger, cycles - base->cycles);
	return base->realtime_ns - cycles_to_ns(ledger, base->cycles - cycles);
}

static uint64_t slot_youngest(const struct ledger_slot *slot, uint64_t youngest)
{
	const uint64_t times[] = { slot->last_receive, slot->last_send, slot->opened_at,
				   slot->connect_at,   slot->eof_at,	slot->error_at,
				   slot->shutdown_at,  slot->told_at,	slot->closed_at,
				   slot->epoll_since };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		youngest = times[i] > youngest ? times[i] : youngest;
	return youngest;
}

uint64_t ledger_youngest(const struct ledger *ledger)
{
	const struct ledger_header *header = &ledger->header;
	uint64_t youngest = header->clock_start.cycles;

	if (ledger->youngest)
		return ledger->youngest;
	if (header->clock_last.cycles > youngest)
		youngest = header->clock_last.cycles;
	for (int i = 0; i < 8; i++)
		if (header->openings[i] > youngest)
			youngest = header->openings[i];
	for (size_t i = 0; i < ledger->slot_count; i++)
		youngest = slot_youngest(&ledger->slots[i].slot, youngest);
	for (uint32_t i = 0; i < ledger->misuse_count; i++)
		if (ledger->misuses[i].at > youngest)
			youngest = ledger->misuses[i].at;
	for (uint32_t i = 0; i < ledger->fork_count; i++)
		if (ledger->forks[i].at > youngest)
			youngest = ledger->forks[i].at;
	for (uint32_t i = 0; i < ledger->closed_count; i++)
		if (ledger->closed[i].closed_at > youngest)
			youngest = ledger->closed[i].closed_at;
	for (uint32_t i = 0; i < ledger->ending_count; i++)
		if (ledger->endings[i].closed_at > youngest)
			youngest = ledger->endings[i].closed_at;
	return youngest;
}
