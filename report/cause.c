/* SPDX-License-Identifier: MIT */
/* The one line that tells why, with its evidence; nothing is said that the books don't show. */
#include "cause.h"

#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

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

/* Why nobody read the FIN: in the order in which one explains the other away. */
enum reason { BEHIND_LIBC, READING_OFF, WORKING, UNREAD_DATA, NEVER_READ, IDLE, REASON_COUNT };

static enum reason reason_of(const struct audited_socket *socket)
{
	const struct ledger_slot *slot = &socket->judgement->merged;

	if (slot->flags & SOCKET_STDIO)
		return BEHIND_LIBC;
	if (slot->epoll_fd && slot->epoll_since && !(slot->epoll_interest & EPOLLIN))
		return READING_OFF;
	if (socket->judgement->verdict.working)
		return WORKING;
	/* The FIN itself counts as one. */
	if (socket->kernel.queues_known && socket->kernel.recv_q > 1)
		return UNREAD_DATA;
	return slot->last_receive ? IDLE : NEVER_READ;
}

static uint64_t oldest(const struct finding *finding, uint64_t (*value)(const struct socket_row *))
{
	uint64_t most = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		uint64_t ms = value(&finding->sockets[i]);
		if (ms != MS_UNKNOWN && ms > most)
			most = ms;
	}
	return most;
}

static uint64_t row_since(const struct socket_row *row)
{
	return row->since_ms;
}

static uint64_t row_idle(const struct socket_row *row)
{
	return row->last_use_ms != MS_UNKNOWN ? row->last_use_ms : row->age_ms;
}

static uint64_t row_unread(const struct socket_row *row)
{
	if (!row->queues_known || !row->recv_q)
		return 0;
	/* In CLOSE_WAIT the FIN counts one. */
	return row->recv_q - (row->tcp_state && !strcmp(row->tcp_state, "CLOSE_WAIT"));
}

static bool any_in_state(const struct finding *finding, const char *state)
{
	for (size_t i = 0; i < finding->socket_count; i++)
		if (finding->sockets[i].tcp_state && !strcmp(finding->sockets[i].tcp_state, state))
			return true;
	return false;
}

/* " up to 5 s ago" after a verb or, without times, nothing. */
static const char *ago_text(struct arena *arena, uint64_t ms, bool timeless)
{
	return timeless ? "" : arena_printf(arena, " up to %s ago", duration_text(arena, ms));
}

static const char *cause_of_fin(struct arena *arena, struct finding *finding,
				struct audited_socket *const *sockets, bool timeless)
{
	size_t counts[REASON_COUNT] = { 0 }, connectors = 0;
	enum reason reason = IDLE;

	for (size_t i = 0; i < finding->socket_count; i++) {
		counts[reason_of(sockets[i])]++;
		connectors += (sockets[i]->judgement->merged.flags & SOCKET_CONNECTOR) != 0;
	}
	for (enum reason r = 0; r < REASON_COUNT; r++)
		if (counts[r] > counts[reason])
			reason = r;
	const uint64_t idle_ms = oldest(finding, row_idle);
	const char *ago = ago_text(arena, idle_ms, timeless),
		   *idle = timeless ? "idle"
				    : arena_printf(arena, "idle for up to %s",
						   duration_text(arena, idle_ms));
	const char *text = NULL,
		   *gone = any_in_state(finding, "CLOSE") && !any_in_state(finding, "CLOSE_WAIT")
				   ? "the connection is gone (state CLOSE, which no tool lists)"
				   : "the peer has ended";
	switch (reason) {
	case BEHIND_LIBC:
		finding->class = 'A';
		text = arena_printf(arena,
				    "%s; the socket is read through stdio (fdopen), behind libc, "
				    "so whether its EOF was "
				    "seen isn't known",
				    gone);
		break;
	case READING_OFF:
		finding->class = 'G';
		text = arena_printf(
			arena, "%s while reading is switched off: epoll watches it without EPOLLIN",
			gone);
		break;
	case WORKING:
		finding->class = 'H';
		text = arena_printf(arena, "%s; a request was received%s and never answered", gone,
				    ago);
		break;
	case UNREAD_DATA:
		finding->class = connectors ? 'D' : 'H';
		text = arena_printf(arena, "%s with up to %" PRIu64 " bytes unread%s%s", gone,
				    oldest(finding, row_unread), *ago ? "; last use" : "", ago);
		break;
	case NEVER_READ:
		finding->class = 'B';
		text = arena_printf(arena, "%s and nothing was ever read here; %s", gone, idle);
		break;
	case IDLE:
		finding->class = 'B';
		text = arena_printf(arena, "%s; %s, and never read since", gone, idle);
		break;
	case REASON_COUNT:
		break;
	}
	if (counts[reason] < finding->socket_count)
		text = arena_printf(arena, "%s (%zu of %zu)", text, counts[reason],
				    finding->socket_count);
	return text;
}

static const char *cause_text(struct arena *arena, struct finding *finding,
			      struct audited_socket *const *sockets, bool timeless)
{
	const char *ago = ago_text(arena, oldest(finding, row_since), timeless);
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
			"%s() returned 0%s; since then nothing was sent and nothing closed%s", call,
			ago,
			eof_reads > finding->socket_count * 100
				? arena_printf(arena, "; EOF was read %" PRIu64 " times", eof_reads)
				: "");
	case RULE_ERROR:
		return arena_printf(arena, "%s() failed with %s%s; no close() since", call,
				    error ? error : "an error", ago);
	case RULE_FIN_UNREAD:
		return cause_of_fin(arena, finding, sockets, timeless);
	case RULE_DOUBLE_CLOSE:
		return arena_printf(arena, "%s() of a number that was closed already: %s", call,
				    error ? error : "EBADF");
	case RULE_USE_AFTER_CLOSE:
		return arena_printf(arena, "%s() on a number that was closed already: %s", call,
				    error ? error : "EBADF");
	case RULE_COUNT:
		break;
	}
	return NULL;
}

void finding_cause(struct arena *arena, struct finding *finding,
		   struct audited_socket *const *sockets)
{
	finding->cause = cause_text(arena, finding, sockets, false);
	finding->cause_timeless = cause_text(arena, finding, sockets, true);
}
