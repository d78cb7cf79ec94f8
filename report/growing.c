/* SPDX-License-Identifier: MIT */
/*
 * What tells a leak from load and from pools is use: a pool opens another connection only when all
 * that it has are at work, and clients that are being served are used, too. So a place counts only
 * while the older half of its sockets lies unused since the newer half was opened.
 *
 * Where we connect, that and a number are enough: 200 opened and, but for one in fifty, none
 * closed. With more closed, and of sockets that others asked for (accept(), the pairs of a
 * prefork), it takes time: the lowest live count has to rise through ten minutes, an hour for the
 * latter. Clients that the kernel probes (SO_KEEPALIVE) are proved alive and are no leak of ours.
 */
#include "growing.h"

#include "cause.h"
#include "classify.h"
#include "live_sites.h"
#include "proc.h"
#include "siblings.h"

#include <inttypes.h>
#include <stdlib.h>

#define AT_ONCE		   200u /* open ones that are told without a history */
#define CLOSED_PART	   50u	/* of which one in so many may have been closed */
#define OVER_TIME	   50u	/* open ones that are told with one, where we connect */
#define CONNECTED_MS	   600000u
#define ACCEPTED_MS	   3600000u
#define ANSWER_PATIENCE_MS 60000u /* a request that was sent is being answered for so long */
#define BUSY_PART	   20u	  /* of the older half, one in so many may be in use all the same */

/* An open socket of the site that no other finding tells of. */
struct open_socket {
	struct audited_socket *socket;
	uint64_t opened_at, used_at;
};

struct suspicion {
	struct open_socket *sockets; /* as they were opened */
	size_t count;
	uint64_t end;
	bool connects; /* the program's own choice, rather than a peer's */
	bool at_once;  /* told by numbers alone */
	bool goes_on;
	uint64_t window_ms; /* over which the growth is measured */
	struct growth growth;
	bool rate_known, left_known;
	uint64_t rate, seconds_left, limit;
};

static uint64_t used_at(const struct judgement *judgement, double rate)
{
	const struct ledger_slot *slot = &judgement->merged;
	uint64_t used = verdict_later(slot->last_receive, slot->last_send);

	used = verdict_later(used, verdict_later(slot->connect_at, slot->opened_at));
	used = verdict_later(used, verdict_later(slot->eof_at, slot->shutdown_at));
	bool asks = (slot->last_send > slot->last_receive || (slot->flags & SOCKET_CONNECTING)) &&
		    slot->type != VERDICT_SOCK_DGRAM;
	if (asks && cycles_to_ms(rate, used, judgement->end) < ANSWER_PATIENCE_MS)
		return judgement->end;
	return used;
}

static int by_opening(const void *a, const void *b)
{
	const struct open_socket *left = a, *right = b;

	return left->opened_at < right->opened_at ? -1 : left->opened_at > right->opened_at;
}

/* A datagram socket that was bound and never sent is there for whoever writes to it, as a listener
 * is: servers open one for each of their addresses or ports. */
static bool waits_for_anyone(const struct ledger_slot *slot)
{
	return slot->type == VERDICT_SOCK_DGRAM && slot->local.known && !slot->last_send &&
	       !(slot->flags & SOCKET_CONNECTOR);
}

static bool may_grow(const struct ledger_slot *slot)
{
	return (slot->origin == ORIGIN_SOCKET || slot->origin == ORIGIN_ACCEPT ||
		slot->origin == ORIGIN_PAIR) &&
	       !(slot->flags & (SOCKET_LISTENING | SOCKET_IGNORED)) && !waits_for_anyone(slot);
}

static void sockets_gather(const struct audit *audit, const struct live_site *site,
			   struct suspicion *suspicion)
{
	double rate = site->member->ledger->ns_per_cycle;

	suspicion->sockets = arena_array(audit->arena, site->count, sizeof(struct open_socket));
	suspicion->connects = true;
	for (size_t i = 0; i < site->count; i++) {
		struct audited_socket *socket = site->sockets[i];
		if (socket->judgement && socket->judgement->found)
			continue;
		struct judgement judgement;
		audit_describe(audit, socket, &judgement);
		const struct ledger_slot *slot = &judgement.merged;
		if (!may_grow(slot) || (slot->origin == ORIGIN_ACCEPT && socket->kernel.keepalive))
			continue;
		suspicion->connects &= slot->origin == ORIGIN_SOCKET;
		suspicion->end = judgement.end;
		suspicion->sockets[suspicion->count++] = (struct open_socket){
			.socket = socket,
			.opened_at = slot->opened_at,
			.used_at = used_at(&judgement, rate),
		};
	}
	if (suspicion->count)
		qsort(suspicion->sockets, suspicion->count, sizeof(*suspicion->sockets),
		      by_opening);
}

/* The older half was not used since the newer half was opened, by half: what was opened at nearly
 * the same time is used at nearly the same time. */
static bool older_half_unused(const struct suspicion *suspicion)
{
	size_t half = suspicion->count / 2, busy = 0;
	uint64_t moment = suspicion->sockets[suspicion->count - half / 2 - 1].opened_at;

	for (size_t i = 0; i < half; i++)
		busy += suspicion->sockets[i].used_at >= moment;
	return busy <= half / BUSY_PART;
}

/* The growth goes on, as far as its own pace lets one tell. */
static bool goes_on(const struct suspicion *suspicion, const struct ledger *ledger)
{
	uint64_t first = suspicion->sockets[0].opened_at,
		 last = suspicion->sockets[suspicion->count - 1].opened_at;
	uint64_t quiet = cycles_to_ms(ledger->ns_per_cycle, last, suspicion->end),
		 pace = cycles_to_ms(ledger->ns_per_cycle, first, last) / suspicion->count;

	return quiet <= 60000 || quiet <= 20 * pace;
}

/* The place gets along with what it has: a pool that was filled beforehand. */
static bool works_with_them(const struct suspicion *suspicion)
{
	uint64_t last = suspicion->sockets[suspicion->count - 1].opened_at;

	for (size_t i = 0; i + 1 < suspicion->count; i++)
		if (suspicion->sockets[i].used_at > last)
			return true;
	return false;
}

/* How many of these came in the window: the growth may be that of another finding's sockets. */
static size_t opened_within(const struct suspicion *suspicion, const struct ledger *ledger)
{
	size_t count = 0;

	for (size_t i = 0; i < suspicion->count; i++)
		count += cycles_to_ms(ledger->ns_per_cycle, suspicion->sockets[i].opened_at,
				      suspicion->end) <= suspicion->window_ms;
	return count;
}

static uint64_t age_ms(const struct member *member, uint64_t end)
{
	return cycles_to_ms(member->ledger->ns_per_cycle, member->ledger->header.clock_start.cycles,
			    end);
}

/* Over the longest time that shows it; what grows slowly shows little in a short one. */
static void growth_find(const struct live_site *site, struct suspicion *suspicion)
{
	const struct ledger *ledger = site->member->ledger;
	uint64_t end = history_end(site->member), age = age_ms(site->member, end);

	for (uint64_t ms = suspicion->connects ? CONNECTED_MS : ACCEPTED_MS; ms <= age; ms *= 4) {
		struct growth growth = growth_of(ledger, site->stacks, site->stack_count, end, ms);
		if (!growth.grows)
			return;
		suspicion->growth = growth;
		suspicion->window_ms = ms;
	}
}

static bool is_growing(const struct live_site *site, struct suspicion *suspicion)
{
	const struct ledger *ledger = site->member->ledger;
	uint64_t least = suspicion->connects ? OVER_TIME : AT_ONCE;

	if (suspicion->count < least || !older_half_unused(suspicion))
		return false;
	suspicion->goes_on = goes_on(suspicion, ledger);
	if (suspicion->connects && suspicion->count >= AT_ONCE &&
	    site->closed <= site->opened / CLOSED_PART) {
		uint64_t window = cycles_to_ms(ledger->ns_per_cycle,
					       suspicion->sockets[0].opened_at, suspicion->end);
		suspicion->at_once = true;
		/* What is faster is no rate, but a burst. */
		suspicion->window_ms = window > 1000 ? window : 1000;
		return suspicion->goes_on || !works_with_them(suspicion);
	}
	growth_find(site, suspicion);
	uint64_t grown = suspicion->growth.lowest - suspicion->growth.first;
	return suspicion->growth.grows && grown >= suspicion->growth.lowest / 8 &&
	       opened_within(suspicion, ledger) >= grown / 2;
}

static void rate_fill(const struct audit *audit, const struct live_site *site,
		      struct suspicion *suspicion)
{
	const struct audited_process *process =
		&audit->processes[site->member - audit->members->items];
	uint64_t grown = suspicion->at_once ? suspicion->count
					    : suspicion->growth.lowest - suspicion->growth.first,
		 system_used, system_limit;
	bool live = site->member->running && !site->member->superseded;

	suspicion->limit = live ? proc_nofile_limit(site->member->pid) : 0;
	if (!suspicion->limit)
		suspicion->limit = site->member->ledger->header.nofile_soft;
	if (!suspicion->goes_on)
		return;
	double rate = (double)grown * 3600000.0 / (double)suspicion->window_ms;
	suspicion->rate = (uint64_t)rate;
	suspicion->rate_known = suspicion->rate > 0;
	if (!suspicion->rate_known || !live || !process->files_known || !suspicion->limit)
		return;
	uint64_t left =
		suspicion->limit > process->open_files ? suspicion->limit - process->open_files : 0;
	if (proc_system_files(&system_used, &system_limit) && system_limit > system_used &&
	    system_limit - system_used < left)
		left = system_limit - system_used;
	suspicion->seconds_left = (uint64_t)((double)left * 3600.0 / rate);
	suspicion->left_known = true;
}

static const char *forecast(struct arena *arena, const struct suspicion *suspicion)
{
	const char *rate = arena_printf(arena, "%" PRIu64 " an hour", suspicion->rate);

	if (suspicion->left_known)
		return arena_printf(
			arena, "at %s it is \"Too many open files\" (limit %" PRIu64 ") in %s",
			rate, suspicion->limit, seconds_text(arena, suspicion->seconds_left));
	return suspicion->limit
		       ? arena_printf(arena, "at %s, with a limit of %" PRIu64 " open files", rate,
				      suspicion->limit)
		       : rate;
}

static const char *cause(struct arena *arena, const struct live_site *site,
			 const struct suspicion *suspicion, bool timeless)
{
	const char *what, *rest = "";

	if (suspicion->at_once)
		what = arena_printf(
			arena, "%" PRIu64 " opened here%s and %s closed", site->opened,
			timeless ? ""
				 : arena_printf(arena, " within %s",
						duration_text(arena, suspicion->window_ms)),
			site->closed ? arena_printf(arena, "%" PRIu64, site->closed) : "none");
	else
		what = arena_printf(
			arena, "never fewer than %" PRIu64 " open at first, %" PRIu64 " at last%s",
			suspicion->growth.first, suspicion->growth.lowest,
			timeless ? ""
				 : arena_printf(arena, ", over %s",
						duration_text(arena, suspicion->window_ms)));
	if (!timeless && suspicion->rate_known)
		rest = arena_printf(arena, "; %s", forecast(arena, suspicion));
	else if (!timeless && !suspicion->goes_on)
		rest = "; it has stopped growing for now";
	return arena_printf(arena,
			    "%s; the older half of these was not used since the newer half was "
			    "opened%s",
			    what, rest);
}

static void finding_make(struct audit *audit, struct code *code, struct finding_list *list,
			 const struct live_site *site, struct suspicion *suspicion,
			 struct siblings *siblings)
{
	struct finding *finding = finding_add(list, RULE_GROWING_SITE);
	struct audited_socket **sockets =
		arena_array(audit->arena, suspicion->count, sizeof(struct audited_socket *));

	rate_fill(audit, site, suspicion);
	for (size_t i = 0; i < suspicion->count; i++)
		sockets[i] = suspicion->sockets[i].socket;
	live_site_tell(audit, code, site, sockets, suspicion->count, finding);
	siblings_fill(siblings, site->opened_stack, finding);
	finding_fact(list, finding, "live",
		     site->opened > site->closed ? site->opened - site->closed : 0);
	finding_fact(list, finding, "opened", site->opened);
	finding_fact(list, finding, "closed", site->closed);
	if (suspicion->rate_known)
		finding_fact(list, finding, "rate_per_hour", suspicion->rate);
	if (suspicion->left_known)
		finding_fact(list, finding, "seconds_left", suspicion->seconds_left);
	finding->class = rules[RULE_GROWING_SITE].class;
	finding->cause = cause(audit->arena, site, suspicion, false);
	finding->cause_timeless = cause(audit->arena, site, suspicion, true);
}

/* How many a place has open at least that grows: what takes time is told of no younger process, and
 * what is told at once takes more. */
static size_t least_of(const struct member *member)
{
	return age_ms(member, history_end(member)) < CONNECTED_MS ? AT_ONCE : OVER_TIME;
}

void audit_growing(struct audit *audit, struct code *code, struct finding_list *list)
{
	struct siblings *siblings = NULL;

	for (uint32_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		if (!member->ledger || member->witness)
			continue;
		size_t least = least_of(member);
		if (!live_sites_reach(audit, code, i, least))
			continue;
		struct live_site *sites = live_sites_find(audit, code, i);
		for (struct live_site *site = sites; site; site = site->hh.next) {
			struct suspicion suspicion = { .count = 0 };
			if (!site->site || site->count < least)
				continue;
			sockets_gather(audit, site, &suspicion);
			if (!is_growing(site, &suspicion))
				continue;
			if (!siblings)
				siblings = siblings_new(audit, code);
			finding_make(audit, code, list, site, &suspicion, siblings);
		}
		live_sites_free(sites);
	}
	if (siblings)
		siblings_free(siblings);
}
