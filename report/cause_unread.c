/* SPDX-License-Identifier: MIT */
/* Why nobody read the FIN, with its evidence; see cause_unread.h. */
#include "cause_unread.h"

#include "finding_list.h"
#include "last_thread.h"
#include "proc_epoll.h"
#include "served.h"

#include <inttypes.h>
#include <sockaudit/history.h>
#include <string.h>
#include <sys/epoll.h>

/* Why nobody read the FIN: in the order in which one explains the other away. */
enum reason {
	SERVED,
	BEHIND_LIBC,
	READING_OFF,
	UNWATCHED,
	TOLD,
	UNREAD_DATA,
	WORKING,
	WATCHED,
	NEVER_READ,
	IDLE,
	REASON_COUNT
};

/* For the facts. */
static const char *const reason_names[REASON_COUNT] = {
	"served-by-child", "behind-libc", "reading-off", "unwatched",  "told",
	"unread-data",	   "working",	  "watched",	 "never-read", "idle",
};

/* How long ago, in the time of the process that owes the close. */
static uint64_t ms_ago(const struct audit *audit, const struct judgement *judgement, uint64_t at)
{
	const struct ledger *book = audit->members->items[judgement->opened->member].ledger;

	return cycles_to_ms(book->ns_per_cycle, at, judgement->end);
}

bool unread_is_told(const struct judgement *judgement)
{
	const struct ledger_slot *slot = &judgement->merged;

	return judgement->told && slot->told_events &&
	       slot->told_at > verdict_later(slot->connect_at, slot->opened_at);
}

static enum reason reason_of(const struct audit *audit, const struct audited_socket *socket)
{
	const struct ledger_slot *slot = &socket->judgement->merged;

	if (served_by_child(audit, socket).closed)
		return SERVED;
	if (slot->flags & SOCKET_STDIO)
		return BEHIND_LIBC;
	if (verdict_reading_is_off(slot))
		return READING_OFF;
	if (verdict_is_unwatched(slot, socket->judgement->verdict.since, socket->live))
		return UNWATCHED;
	if (unread_is_told(socket->judgement))
		return TOLD;
	/* The FIN itself counts as one. */
	if (socket->kernel.queues_known && socket->kernel.recv_q > 1)
		return UNREAD_DATA;
	if (socket->judgement->verdict.working)
		return WORKING;
	if (slot->epoll_fd && slot->epoll_since)
		return WATCHED;
	return slot->last_receive ? IDLE : NEVER_READ;
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

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* " since 5 s" or, without times, nothing. */
static const char *since_text(struct arena *arena, uint64_t ms, bool timeless)
{
	return timeless ? "" : arena_printf(arena, " for up to %s", duration_text(arena, ms));
}

/* "EPOLLRDHUP", "POLLHUP and POLLERR". */
static const char *events_text(struct arena *arena, const char *call, uint32_t events)
{
	static const struct {
		uint32_t event;
		const char *name;
	} names[] = { { EPOLLRDHUP, "RDHUP" }, { EPOLLHUP, "HUP" }, { EPOLLERR, "ERR" } };
	const char *kind = strstr(call, "epoll") ? "EPOLL" : "POLL", *text = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (events & names[i].event)
			text = arena_printf(arena, "%s%s%s%s", text, *text ? " and " : "", kind,
					    names[i].name);
	return *text ? text : "that it is over";
}

/* What poll or epoll said of these sockets; "" when nothing. */
static const char *told_text(struct arena *arena, const struct audit *audit,
			     const struct finding *finding, struct audited_socket *const *sockets,
			     bool timeless)
{
	const struct judgement *first = NULL;
	size_t count = 0;
	uint32_t events = 0;
	uint64_t ms = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct judgement *judgement = sockets[i]->judgement;
		if (!unread_is_told(judgement))
			continue;
		first = first ? first : judgement;
		count++;
		events |= judgement->merged.told_events;
		ms = later(ms, ms_ago(audit, judgement, judgement->merged.told_at));
	}
	if (!first)
		return "";
	const char *call = ledger_call(audit->members->items[first->told->member].ledger,
				       first->merged.told_call);
	call = call ? call : "poll";
	const char *text =
		arena_printf(arena, "%s() said %s%s and nobody acted", call,
			     events_text(arena, call, events), cause_ago(arena, ms, timeless));
	return count < finding->socket_count
		       ? arena_printf(arena, "%s (%zu of %zu)", text, count, finding->socket_count)
		       : text;
}

/* Bytes wait because nobody comes to read them, not because nobody wants them. Of a thread that is
 * not known: a server is there to read what it is sent. */
static bool starves(const struct last_thread *last, size_t connectors)
{
	if (last_thread_is_stuck(last))
		return true;
	return !last->went_on && last->place.stand != THREAD_WAITS && !connectors;
}

/* An epoll that was told to say it once has said it, and nobody armed it again. */
static bool is_disarmed(const struct audit *audit, const struct audited_socket *socket)
{
	const struct ledger_slot *slot = &socket->judgement->merged;
	uint32_t events;

	for (size_t i = 0; i < socket->ref_count && socket->live; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		const struct member *member = &audit->members->items[ref->member];
		if (ref->holds && member->running && ref->slot->epoll_fd == slot->epoll_fd &&
		    (ref->slot->epoll_interest & EPOLLONESHOT) &&
		    proc_epoll_events(member->pid, slot->epoll_fd - 1, ref->fd, &events))
			return !(events & EPOLLIN);
	}
	return false;
}

static bool any_is_disarmed(const struct audit *audit, const struct finding *finding,
			    struct audited_socket *const *sockets)
{
	/* One is asked for all: the kernel lists a whole epoll for each question. */
	for (size_t i = 0; i < finding->socket_count; i++)
		if (reason_of(audit, sockets[i]) == WATCHED)
			return is_disarmed(audit, sockets[i]);
	return false;
}

/* A request and its answer have passed, and nothing since. */
static bool all_are_complete(const struct audit *audit, const struct finding *finding,
			     struct audited_socket *const *sockets)
{
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct ledger_slot *slot = &sockets[i]->judgement->merged;
		bool answered = slot->flags & SOCKET_CONNECTOR ? slot->direction == 1
							       : slot->direction == 2;
		if (reason_of(audit, sockets[i]) == IDLE && (!answered || !slot->exchanges))
			return false;
	}
	return true;
}

/* "; no epoll watches it": at the end of a program every epoll may be closed by then. */
static const char *unwatched_text(const struct finding *finding,
				  struct audited_socket *const *sockets)
{
	for (size_t i = 0; i < finding->socket_count; i++)
		if (!sockets[i]->live || sockets[i]->judgement->merged.epoll_fd)
			return "";
	return finding->socket_count == 1 ? "; no epoll watches it" : "; no epoll watches them";
}

/* Of those sockets that have this reason. */
static struct last_thread thread_of(const struct audit *audit, const struct finding *finding,
				    struct audited_socket *const *sockets, enum reason reason)
{
	struct audited_socket **same = arena_array(audit->arena, finding->socket_count + 1,
						   sizeof(struct audited_socket *));
	size_t count = 0;

	for (size_t i = 0; i < finding->socket_count; i++)
		if (reason_of(audit, sockets[i]) == reason)
			same[count++] = sockets[i];
	return last_thread_find(audit, same, count);
}

/* Nobody is known to wait for these; but of one that can't come there is something to tell. */
static const char *held_up_text(struct arena *arena, const struct audit *audit,
				const struct finding *finding,
				struct audited_socket *const *sockets, enum reason reason,
				bool timeless)
{
	struct last_thread last = thread_of(audit, finding, sockets, reason);

	return last.before && last.place.is_held_up ? last_thread_text(arena, &last, timeless) : "";
}

const char *cause_of_unread(struct arena *arena, const struct audit *audit, struct finding *finding,
			    struct audited_socket *const *sockets, bool timeless)
{
	size_t counts[REASON_COUNT] = { 0 }, connectors = 0;
	enum reason reason = IDLE;
	uint64_t interest_ms = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct judgement *judgement = sockets[i]->judgement;
		counts[reason_of(audit, sockets[i])]++;
		if (judgement->merged.epoll_since)
			interest_ms = later(interest_ms, ms_ago(audit, judgement,
								judgement->merged.epoll_since));
		connectors += (sockets[i]->judgement->merged.flags & SOCKET_CONNECTOR) != 0;
	}
	for (enum reason r = 0; r < REASON_COUNT; r++)
		if (counts[r] > counts[reason])
			reason = r;
	/* Ledgers of children that ended clean don't stay for ever: those that nobody touched here
	 * will have been served as the others were. */
	if (reason == NEVER_READ && counts[SERVED])
		reason = SERVED;
	const uint64_t idle_ms = cause_oldest(finding, row_idle);
	const char *ago = cause_ago(arena, idle_ms, timeless),
		   *idle = timeless ? "idle"
				    : arena_printf(arena, "idle for up to %s",
						   duration_text(arena, idle_ms));
	struct last_thread last = { .thread = NULL };
	const char *name = reason_names[reason], *text = NULL,
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
	case SERVED:
		finding->class = 'F';
		finding->fix = "The child has its own copy. Close this one in the parent right "
			       "after fork(), on every path.";
		text = arena_printf(arena, "%s; %s", gone,
				    served_text(audit, sockets, finding->socket_count, timeless));
		break;
	case READING_OFF:
		finding->class = 'G';
		text = arena_printf(arena,
				    "%s while reading is switched off: epoll watches it without "
				    "EPOLLIN%s",
				    gone, since_text(arena, interest_ms, timeless));
		break;
	case UNWATCHED:
		finding->class = 'G';
		text = arena_printf(arena,
				    "%s while nobody watches: it was taken out of its epoll%s",
				    gone, cause_ago(arena, interest_ms, timeless));
		break;
	case TOLD:
		finding->class = 'A';
		text = gone;
		break;
	case WORKING:
		finding->class = 'H';
		last = thread_of(audit, finding, sockets, reason);
		text = arena_printf(arena, "%s; a request was received%s and never answered%s",
				    gone, ago, last_thread_text(arena, &last, timeless));
		break;
	case UNREAD_DATA:
		last = thread_of(audit, finding, sockets, reason);
		finding->class = starves(&last, connectors) ? 'H' : 'D';
		name = finding->class == 'H' ? "starved" : name;
		text = arena_printf(arena, "%s with up to %" PRIu64 " bytes unread%s%s%s", gone,
				    cause_oldest(finding, row_unread), *ago ? "; last use" : "",
				    ago, last_thread_text(arena, &last, timeless));
		break;
	case NEVER_READ:
		finding->class = 'B';
		text = arena_printf(arena, "%s and nothing was ever read here; %s%s", gone, idle,
				    held_up_text(arena, audit, finding, sockets, reason, timeless));
		break;
	case WATCHED:
		last = thread_of(audit, finding, sockets, reason);
		if (any_is_disarmed(audit, finding, sockets)) {
			finding->class = 'G';
			name = "disarmed";
			text = arena_printf(arena,
					    "%s while its epoll waits for nothing: EPOLLONESHOT "
					    "was used up, and it was not armed again; %s",
					    gone, idle);
			break;
		}
		finding->class = last_thread_is_stuck(&last) ? 'H' : 'B';
		text = arena_printf(arena, "%s; epoll watches it, and nobody came to read: %s%s",
				    gone, idle, last_thread_text(arena, &last, timeless));
		break;
	case IDLE:
		finding->class = 'B';
		text = arena_printf(arena, "%s; %s%s, and never read since%s%s", gone,
				    all_are_complete(audit, finding, sockets)
					    ? "the last exchange is complete, "
					    : "",
				    idle, unwatched_text(finding, sockets),
				    held_up_text(arena, audit, finding, sockets, reason, timeless));
		break;
	case REASON_COUNT:
		break;
	}
	if (!timeless) {
		struct finding_list list = { .arena = arena };
		finding_fact_text(&list, finding, "reason", name);
		if (cause_oldest(finding, row_unread))
			finding_fact(&list, finding, "unread_bytes",
				     cause_oldest(finding, row_unread));
	}
	if (counts[reason] < finding->socket_count)
		text = arena_printf(arena, "%s (%zu of %zu)", text, counts[reason],
				    finding->socket_count);
	const char *told = told_text(arena, audit, finding, sockets, timeless);
	return *told ? arena_printf(arena, "%s; %s", text, told) : text;
}

const char *cause_of_pool(struct arena *arena, const struct finding *finding,
			  struct audited_socket *const *sockets, bool timeless)
{
	const uint64_t idle_ms = cause_oldest(finding, row_idle);
	uint32_t most = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		uint32_t exchanges = history_exchanges(&sockets[i]->judgement->merged);
		most = exchanges > most ? exchanges : most;
	}
	return arena_printf(
		arena,
		"the peer has ended%s; each last exchange is complete (up to %" PRIu32
		" on one connection), and this place has opened no more than it closed since",
		timeless ? ""
			 : arena_printf(arena, " while they were idle, for up to %s",
					duration_text(arena, idle_ms)),
		most);
}
