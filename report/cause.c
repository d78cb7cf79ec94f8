/* SPDX-License-Identifier: MIT */
/* The one line that tells why, with its evidence; nothing is said that the books don't show. */
#include "cause_unread.h"
#include "finding_list.h"

#include <inttypes.h>
#include <string.h>

const char *duration_text(struct arena *arena, uint64_t ms)
{
	if (ms == MS_UNKNOWN)
		return "?";
	if (ms < 1000)
		return arena_printf(arena, "%" PRIu64 " ms", ms);
	if (ms < 120000)
		return arena_printf(arena, "%" PRIu64 " s", ms / 1000);
	if (ms < 7200000)
		return arena_printf(arena, "%" PRIu64 " min", ms / 60000);
	if (ms < 172800000)
		return arena_printf(arena, "%" PRIu64 " h", ms / 3600000);
	return arena_printf(arena, "%" PRIu64 " d", ms / 86400000);
}

const char *seconds_text(struct arena *arena, uint64_t seconds)
{
	return !seconds			     ? "less than a second"
	       : seconds < UINT64_MAX / 1000 ? duration_text(arena, seconds * 1000)
					     : "years";
}

uint64_t cause_oldest(const struct finding *finding, uint64_t (*value)(const struct socket_row *))
{
	uint64_t most = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		uint64_t ms = value(&finding->sockets[i]);
		if (ms != MS_UNKNOWN && ms > most)
			most = ms;
	}
	return most;
}

const char *cause_ago(struct arena *arena, uint64_t ms, bool timeless)
{
	return timeless ? "" : arena_printf(arena, " up to %s ago", duration_text(arena, ms));
}

static uint64_t row_since(const struct socket_row *row)
{
	return row->since_ms;
}

/* Since its EOF, whatever was sent after it. */
static uint64_t eof_ms(const struct audit *audit, const struct audited_socket *socket)
{
	const struct judgement *judgement = socket->judgement;

	return cycles_to_ms(audit->members->items[judgement->opened->member].ledger->ns_per_cycle,
			    judgement->merged.eof_at, judgement->end);
}

/* A half-close at work: then the time is that of the last data, not of the EOF. */
static bool sends_after_eof(const struct finding *finding, struct audited_socket *const *sockets)
{
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct judgement *judgement = sockets[i]->judgement;
		if (judgement->verdict.since > judgement->merged.eof_at)
			return true;
	}
	return false;
}

/* Somebody reads it at this very moment. */
static bool is_read_now(const struct audit *audit, const struct audited_socket *socket)
{
	const struct socket_ref *reader = socket->judgement->evidence;
	struct ledger_slot now;

	return socket->live && reader &&
	       ledger_reread(audit->members->items[reader->member].ledger, reader->fd, &now) &&
	       now.life == reader->slot->life && now.eof_reads > reader->slot->eof_reads;
}

/* "recv() returned 0: 120394 times in 12 s, 10032 a second, and still does". */
static const char *spin_text(const struct audit *audit, struct finding *finding,
			     struct audited_socket *const *sockets, bool timeless)
{
	struct finding_list list = { .arena = audit->arena };
	uint64_t reads = 0, longest = 0;
	double rate = 0;
	bool now = false;

	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct socket_row *row = &finding->sockets[i];
		reads += row->eof_reads;
		uint64_t ms = eof_ms(audit, sockets[i]);
		rate += row->eof_reads * 1000.0 / (double)(ms ? ms : 1);
		longest = ms > longest ? ms : longest;
		now |= is_read_now(audit, sockets[i]);
	}
	if (timeless)
		return arena_printf(audit->arena,
				    "%s() returned 0 again and again, and the loop went on",
				    finding->evidence.call ? finding->evidence.call : "a call");
	finding_fact(&list, finding, "eof_reads", reads);
	finding_fact(&list, finding, "reads_per_second", (uint64_t)rate);
	return arena_printf(audit->arena,
			    "%s() returned 0: %" PRIu64 " times in %s, %" PRIu64 " a second%s",
			    finding->evidence.call ? finding->evidence.call : "a call", reads,
			    duration_text(audit->arena, longest), (uint64_t)rate,
			    now ? ", and still does" : "");
}

static const char *cause_text(struct arena *arena, const struct audit *audit,
			      struct finding *finding, struct audited_socket *const *sockets,
			      bool timeless)
{
	const char *ago = cause_ago(arena, cause_oldest(finding, row_since), timeless);
	const char *call = finding->evidence.call ? finding->evidence.call : "a call";
	const char *error =
		finding->evidence.error ? strerrorname_np(finding->evidence.error) : NULL;
	uint64_t eof_reads = 0;

	finding->class = rules[finding->rule].class;
	for (size_t i = 0; i < finding->socket_count; i++)
		eof_reads += finding->sockets[i].eof_reads;
	switch (finding->rule) {
	case RULE_HELD_BY_CHILD:
		return arena_printf(
			arena,
			sockets[0]->judgement->held->used_after_fork
				? "used here after the fork, then closed%s; the child has it by "
				  "inheritance alone"
				: "closed here, and the peer has ended%s; the child never looked",
			ago);
	case RULE_HELD_BY_COPY:
		return arena_printf(arena, "another descriptor of it was closed%s; %s since", ago,
				    finding->socket_count == 1 ? "this one was not used"
							       : "these were not used");
	case RULE_CONNECT_FAILED:
		return error ? arena_printf(arena, "%s() failed with %s%s; no close() since", call,
					    error, ago)
			     : arena_printf(arena,
					    "the kernel gave up the pending %s() and the program "
					    "never looked",
					    call);
	case RULE_SHUTDOWN:
		return arena_printf(arena, "both ways were shut%s, the descriptor is still open",
				    ago);
	case RULE_EOF:
		return arena_printf(
			arena,
			sends_after_eof(finding, sockets)
				? "%s() returned 0, and what was sent after it was sent%s; since "
				  "then nothing was closed%s"
				: "%s() returned 0%s; since then nothing was sent and nothing "
				  "closed%s",
			call, ago,
			eof_reads > finding->socket_count * 100
				? arena_printf(arena, "; EOF was read %" PRIu64 " times", eof_reads)
				: "");
	case RULE_ERROR:
		return arena_printf(arena, "%s() failed with %s%s; no close() since", call,
				    error ? error : "an error", ago);
	case RULE_FIN_UNREAD:
		return cause_of_unread(arena, audit, finding, sockets, timeless);
	case RULE_DOUBLE_CLOSE:
		return arena_printf(arena, "%s() of a number that was closed already: %s", call,
				    error ? error : "EBADF");
	case RULE_USE_AFTER_CLOSE:
		return arena_printf(arena, "%s() on a number that was closed already: %s", call,
				    error ? error : "EBADF");
	case RULE_EOF_SPIN:
		return spin_text(audit, finding, sockets, timeless);
	case RULE_STALE_POOL:
		return cause_of_pool(arena, finding, sockets, timeless);
	case RULE_GROWING_SITE:
	case RULE_ACCEPT_STARVED:
	case RULE_RUNNING_OUT:
	case RULE_CHURN:
	case RULE_COUNT:
		break;
	}
	return NULL;
}

void finding_cause(const struct audit *audit, struct finding *finding,
		   struct audited_socket *const *sockets)
{
	struct arena *arena = audit->arena;

	finding->cause = cause_text(arena, audit, finding, sockets, false);
	finding->cause_timeless = cause_text(arena, audit, finding, sockets, true);
	size_t left = 0;
	for (size_t i = 0; sockets && i < finding->socket_count; i++)
		left += sockets[i]->left;
	if (!left)
		return;
	const char *more = left < finding->socket_count ? arena_printf(arena, " (%zu of %zu)", left,
								       finding->socket_count)
							: "";
	finding->cause = arena_printf(arena, "%s; closed only while the program ended%s",
				      finding->cause, more);
	finding->cause_timeless = arena_printf(arena, "%s; closed only while the program ended%s",
					       finding->cause_timeless, more);
}
