/* SPDX-License-Identifier: MIT */
/* The finding of a place that closes first: its facts, and when it matters and when not. */
#include "churn_site.h"

#include "socket_row.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

static const char *number_text(struct arena *arena, uint64_t number)
{
	return number < 10000 ? arena_printf(arena, "%" PRIu64, number)
	       : number < 1000000
		       ? arena_printf(arena, "%" PRIu64 ",%03" PRIu64, number / 1000, number % 1000)
		       : arena_printf(arena, "%" PRIu64 ",%03" PRIu64 ",%03" PRIu64,
				      number / 1000000, number / 1000 % 1000, number % 1000);
}

static const char *destination_text(struct arena *arena, const struct time_wait *wait)
{
	const char *text = internet_text(arena, wait->family, wait->peer, wait->peer_port, 0);

	return text ? text : "?";
}

static bool is_loopback(const struct time_wait *wait)
{
	static const uint8_t v6[16] = { [15] = 1 }, mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (wait->family != AF_INET6)
		return wait->peer[0] == 127;
	return !memcmp(wait->peer, v6, sizeof(v6)) ||
	       (!memcmp(wait->peer, mapped, sizeof(mapped)) && wait->peer[12] == 127);
}

/* When it matters, and when not. */
static const char *matters_text(struct arena *arena, const struct churn_site *site,
				const struct churn_busiest *busiest, bool timeless)
{
	if (!site->connected)
		return "we accepted them: TIME_WAIT costs memory, no port and no descriptor";
	if (timeless || !busiest->one || !busiest->one->ports)
		return "we connected: each takes a port toward its destination for 60 s, and when "
		       "none is left connect() fails with EADDRNOTAVAIL";
	bool reused = busiest->one->tw_reuse == 1 ||
		      (busiest->one->tw_reuse == 2 && is_loopback(busiest->one));
	return arena_printf(
		arena,
		"we connected: %s of %s ports toward %s (%" PRIu64 " %%); at 100 %% connect() %s",
		number_text(arena, busiest->ports), number_text(arena, busiest->one->ports),
		destination_text(arena, busiest->one), churn_percent(busiest),
		reused ? arena_printf(arena,
				      "takes those that have stood for 1 s (tcp_tw_reuse is %d)",
				      busiest->one->tw_reuse)
		       : "fails with EADDRNOTAVAIL");
}

static const char *exchanges_text(struct arena *arena, uint64_t exchanges)
{
	return exchanges == 0	? "no exchange was seen on them"
	       : exchanges == 1 ? "1 exchange per connection: no keep-alive"
				: arena_printf(arena, "%s exchanges per connection",
					       number_text(arena, exchanges));
}

static const char *resets_text(struct arena *arena, const struct churn_site *site)
{
	const char *text = "";

	if (site->resets_unread)
		text = arena_printf(
			arena,
			"; close() reset %s more with unread data: \"Connection reset by "
			"peer\" there, and our last answer may be lost",
			number_text(arena, site->resets_unread));
	if (site->resets_linger)
		text = arena_printf(arena, "%s; %s more were reset by SO_LINGER 0", text,
				    number_text(arena, site->resets_linger));
	return text;
}

/* `passing`: it differs from run to run. Valid until the next one. */
static struct fact *fact(struct finding_list *list, struct finding *finding, const char *key,
			 uint64_t value, bool passing)
{
	finding_fact(list, finding, key, value);
	struct fact *made = &finding->facts[finding->fact_count - 1];
	made->passing = passing;
	return made;
}

static bool audit_is_live(const struct audit *audit)
{
	for (size_t i = 0; i < audit->members->count; i++)
		if (audit->members->items[i].running)
			return true;
	return false;
}

void churn_tell(const struct audit *audit, struct code *code, const struct churn_site *site,
		const struct churn_busiest *busiest, uint64_t end_ns, struct finding_list *list)
{
	struct arena *arena = audit->arena;
	bool known = audit->time_waits.known;
	uint64_t ms = churn_ms(site->oldest_ns, end_ns);
	uint64_t rate = site->lately * 1000 / (ms > 1000 ? ms : 1000);
	uint64_t first = site->first > site->lately ? site->first : site->lately;
	uint64_t exchanges = site->first ? (site->exchanges + site->first / 2) / site->first : 0;
	struct finding *finding = finding_add(list, RULE_CHURN);

	finding->count = first;
	finding->closed =
		code_place(code, ledger_call(site->closed.member->ledger, site->closed.call), 0,
			   code_stack(code, site->closed.member, site->closed.stack));
	if (site->opened.member)
		finding->opened = code_place(
			code, ledger_call(site->opened.member->ledger, site->opened.call), 0,
			code_stack(code, site->opened.member, site->opened.stack));
	finding->class = rules[RULE_CHURN].class;
	fact(list, finding, "closed_first", first, false);
	fact(list, finding, "per_second", rate, true);
	if (known)
		fact(list, finding, "time_wait", site->standing_count, true);
	fact(list, finding, "resets_unread", site->resets_unread, false);
	fact(list, finding, "resets_linger", site->resets_linger, false);
	if (site->first)
		fact(list, finding, "exchanges_per_connection", exchanges, false);
	if (busiest->one && busiest->one->ports) {
		fact(list, finding, "destination", 0, false)->text =
			destination_text(arena, busiest->one);
		fact(list, finding, "ports_used", busiest->ports, true);
		fact(list, finding, "ports", busiest->one->ports, true);
		fact(list, finding, "ports_used_percent", churn_percent(busiest), true);
	}
	const char *standing = known ? arena_printf(arena, ", %s TIME_WAIT stand now",
						    number_text(arena, site->standing_count))
				     : "";
	const char *tail = arena_printf(arena, "%s%s", exchanges_text(arena, exchanges),
					resets_text(arena, site));
	finding->cause = arena_printf(
		arena, "in %s 60 s %s were closed here before the peer did (%s a second)%s; %s; %s",
		audit_is_live(audit) ? "the last" : "its last", number_text(arena, site->lately),
		number_text(arena, rate), standing, matters_text(arena, site, busiest, false),
		tail);
	finding->cause_timeless =
		arena_printf(arena, "they were closed here before the peer did; %s; %s",
			     matters_text(arena, site, busiest, true), tail);
}
