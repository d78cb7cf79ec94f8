/* SPDX-License-Identifier: MIT */
/*
 * A refused call is a fact, told with when it was: a program that lowers its limit to see what
 * happens is not cried at, and one that recovered is said to have. Without one, four fifths of the
 * limit count while the live sockets grow; or half of it, where ten minutes of growth tell that the
 * rest will not last for an hour.
 */
#include "running_out.h"

#include "cause.h"
#include "classify.h"
#include "live_sites.h"
#include "proc.h"

#include <errno.h>
#include <inttypes.h>

#define NEAR_PERCENT 80u
#define HALF_PERCENT 50u
#define WINDOW_MS    600000u
#define FORECAST_S   3600u
#define LEAST_GROWTH 4u /* sockets: less is how a busy process breathes */

struct shortage {
	const struct member *member;
	const struct ledger_refusals *refusals; /* the kind that was met last; NULL: none was */
	bool of_system;
	uint64_t refused, last_ms;
	bool live, used_known, left_known, system_known;
	uint64_t limit, used, others; /* others: descriptors that are no sockets */
	uint64_t system_used, system_limit, seconds_left;
};

static void refusals_fill(struct shortage *shortage, uint64_t end)
{
	const struct ledger *ledger = shortage->member->ledger;

	for (int kind = 0; kind < REFUSED_KINDS; kind++) {
		const struct ledger_refusals *refusals = &ledger->header.refusals[kind];
		if (!refusals->count || !refusals->last_at)
			continue;
		if (__builtin_add_overflow(shortage->refused, refusals->count, &shortage->refused))
			shortage->refused = UINT64_MAX;
		if (shortage->refusals && shortage->refusals->last_at >= refusals->last_at)
			continue;
		shortage->refusals = refusals;
		shortage->of_system = kind == REFUSED_SYSTEM;
		shortage->last_ms = cycles_to_ms(ledger->ns_per_cycle, refusals->last_at, end);
	}
}

static void use_fill(const struct audit *audit, struct shortage *shortage)
{
	const struct audited_process *process =
		&audit->processes[shortage->member - audit->members->items];

	shortage->live = shortage->member->running && !shortage->member->superseded;
	if (shortage->live) {
		shortage->limit = proc_nofile_limit(shortage->member->pid);
		shortage->used_known = process->files_known;
		shortage->used = process->open_files;
		shortage->others = process->open_files - process->held_count;
		shortage->system_known =
			proc_system_files(&shortage->system_used, &shortage->system_limit);
	} else if (shortage->refusals) {
		shortage->limit = shortage->refusals->limit;
	}
	if (!shortage->limit)
		shortage->limit = shortage->member->ledger->header.nofile_soft;
}

/* Whether the process's sockets grow in number; then how long the rest of its descriptors lasts. */
static bool grows(const struct audit *audit, struct shortage *shortage, bool *long_run)
{
	const struct ledger *ledger = shortage->member->ledger;
	uint64_t end = history_end(shortage->member);
	const struct ledger_stack **stacks = arena_array(
		audit->arena, (size_t)ledger->stack_count + 1, sizeof(const struct ledger_stack *));
	uint64_t age = cycles_to_ms(ledger->ns_per_cycle, ledger->header.clock_start.cycles, end);
	uint64_t window = age < WINDOW_MS ? age : WINDOW_MS;
	size_t count = 0;

	*long_run = age >= WINDOW_MS;
	for (uint32_t i = 1; i < ledger->stack_count; i++)
		if (ledger->stacks[i].opened)
			stacks[count++] = &ledger->stacks[i];
	struct growth growth = growth_of(ledger, stacks, count, end, window);
	if (!growth.grows || growth.lowest - growth.first < LEAST_GROWTH)
		return false;
	uint64_t left = shortage->limit > shortage->used ? shortage->limit - shortage->used : 0;
	if (shortage->system_known && shortage->system_limit >= shortage->system_used &&
	    shortage->system_limit - shortage->system_used < left)
		left = shortage->system_limit - shortage->system_used;
	shortage->seconds_left = (uint64_t)((double)left * (double)window / 1000.0 /
					    (double)(growth.lowest - growth.first));
	shortage->left_known = true;
	return true;
}

static bool above(const struct shortage *shortage, uint64_t percent)
{
	return shortage->used >=
	       shortage->limit / 100 * percent + shortage->limit % 100 * percent / 100;
}

static bool is_short(const struct audit *audit, struct shortage *shortage)
{
	bool long_run, near = false;

	/* Few processes come near their limit, so this costs most reports nothing. */
	if (shortage->used_known && shortage->limit && above(shortage, HALF_PERCENT) &&
	    grows(audit, shortage, &long_run))
		near = above(shortage, NEAR_PERCENT) ||
		       (long_run && shortage->seconds_left < FORECAST_S);
	if (!near && !(shortage->refusals && shortage->used_known && above(shortage, NEAR_PERCENT)))
		shortage->left_known = false;
	return near || shortage->refusals;
}

static const char *refused_text(struct arena *arena, const struct shortage *shortage,
				const char *call, bool timeless)
{
	const char *times = shortage->refused == 1
				    ? "once"
				    : arena_printf(arena, "%" PRIu64 " times", shortage->refused);
	const char *when =
		timeless ? ""
			 : arena_printf(arena, ", %s%s %s", shortage->refused == 1 ? "" : "last ",
					duration_text(arena, shortage->last_ms),
					shortage->live ? "ago" : "before the end");

	return arena_printf(arena, "no descriptor was to be had %s%s (%s: %s)", times, when, call,
			    shortage->of_system ? "ENFILE, the system's limit"
						: "EMFILE, the process's limit");
}

/* How it stands now, or how it stood. */
static const char *use_text(struct arena *arena, const struct shortage *shortage)
{
	if (!shortage->used_known)
		return arena_printf(arena, "the limit was %" PRIu64, shortage->limit);
	const char *over =
		shortage->refusals && !above(shortage, NEAR_PERCENT) ? "it is over: " : "";
	const char *use = arena_printf(arena,
				       "%s%" PRIu64 " of %" PRIu64 " are in use now, %" PRIu64
				       " of them no sockets",
				       over, shortage->used, shortage->limit, shortage->others);
	if (shortage->left_known)
		use = arena_printf(arena, "%s; at the present rate the rest lasts for %s", use,
				   seconds_text(arena, shortage->seconds_left));
	return use;
}

static const char *cause(struct arena *arena, const struct shortage *shortage, const char *call,
			 uint64_t held, bool timeless)
{
	const char *text = "", *most = "no socket is open",
		   *refused = shortage->refusals
				      ? arena_printf(arena, "%s; ",
						     refused_text(arena, shortage, call, timeless))
				      : "";

	if (held)
		most = arena_printf(arena, "of the sockets this place holds the most, %" PRIu64,
				    held);
	if (timeless && shortage->used_known)
		text = arena_printf(arena, "the limit is %" PRIu64 "; ", shortage->limit);
	else
		text = arena_printf(arena, "%s; ", use_text(arena, shortage));
	return arena_printf(arena, "%s%s%s", refused, text, most);
}

static void facts_fill(struct finding_list *list, struct finding *finding,
		       const struct shortage *shortage)
{
	if (shortage->limit)
		finding_fact(list, finding, "limit", shortage->limit);
	if (shortage->used_known)
		finding_fact(list, finding, "used", shortage->used);
	finding_fact(list, finding, "refused", shortage->refused);
	if (shortage->system_known)
		finding_fact(list, finding, "system_limit", shortage->system_limit);
	if (shortage->left_known)
		finding_fact(list, finding, "seconds_left", shortage->seconds_left);
}

static void finding_make(struct audit *audit, struct code *code, struct finding_list *list,
			 const struct shortage *shortage)
{
	struct live_site *sites =
		live_sites_find(audit, code, (uint32_t)(shortage->member - audit->members->items));
	const struct live_site *most = NULL;
	struct finding *finding = finding_add(list, RULE_RUNNING_OUT);
	const char *call = "a call";

	for (const struct live_site *site = sites; site; site = site->hh.next)
		if (!most || site->count > most->count)
			most = site;
	if (most)
		live_site_tell(audit, code, most, most->sockets, most->count, finding);
	if (shortage->refusals) {
		const char *known = ledger_call(shortage->member->ledger, shortage->refusals->call);
		call = known ? arena_printf(audit->arena, "%s()", known) : call;
		finding->evidence =
			code_place(code, known, shortage->of_system ? ENFILE : EMFILE,
				   code_stack(code, shortage->member, shortage->refusals->stack));
	}
	facts_fill(list, finding, shortage);
	finding->class = rules[RULE_RUNNING_OUT].class;
	finding->cause = cause(audit->arena, shortage, call, most ? most->count : 0, false);
	finding->cause_timeless = cause(audit->arena, shortage, call, most ? most->count : 0, true);
	live_sites_free(sites);
}

void audit_running_out(struct audit *audit, struct code *code, struct finding_list *list)
{
	for (size_t i = 0; i < audit->members->count; i++) {
		struct shortage shortage = { .member = &audit->members->items[i] };
		if (!shortage.member->ledger || shortage.member->witness)
			continue;
		refusals_fill(&shortage, member_end(shortage.member));
		use_fill(audit, &shortage);
		if (is_short(audit, &shortage))
			finding_make(audit, code, list, &shortage);
	}
}
