/* SPDX-License-Identifier: MIT */
/* Which thread used a socket last; see last_thread.h. */
#include "last_thread.h"

#include "cause.h"
#include "socket_row.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* When a descriptor was used last, or else opened: the moment that its thread's number is of. */
static uint64_t slot_time(const struct ledger_slot *slot)
{
	uint64_t used = verdict_later(slot->last_receive, slot->last_send);

	return used ? used : slot->opened_at;
}

/* The descriptor through which the socket was used last. */
static const struct socket_ref *ref_of(const struct judgement *judgement)
{
	return judgement->last_use ? judgement->last_use : judgement->opened;
}

struct tally {
	struct last_thread last;
	uint64_t used;	/* the latest use of one of these sockets */
	uint64_t end;	/* as the sockets were judged */
	uint64_t since; /* the latest of their FINs is not younger */
};

/* A loop over the threads for each socket: there are as many as a process has. */
static struct tally *tally_of(struct arena *arena, struct tally **tallies, size_t *count,
			      size_t *room, const struct ledger_thread *thread,
			      const struct member *member)
{
	for (size_t i = 0; i < *count; i++)
		if ((*tallies)[i].last.thread == thread)
			return &(*tallies)[i];
	*tallies = arena_more(arena, *tallies, *count, room, sizeof(**tallies));
	struct tally *tally = &(*tallies)[(*count)++];
	*tally = (struct tally){ .last = { .thread = thread, .member = member } };
	return tally;
}

/* The latest moment that anything in the thread's ledger shows it at work with a socket. Found for
 * all its threads at once. */
static uint64_t thread_youngest(struct arena *arena, struct ledger *ledger,
				const struct ledger_thread *thread)
{
	uint64_t *last = ledger->threads_last;

	if (last)
		return last[thread - ledger->threads];
	last = arena_array(arena, ledger->thread_count, sizeof(*last));
	for (size_t i = 0; i < ledger->thread_count; i++)
		last[i] = ledger->threads[i].at;
	for (size_t i = 0; i < ledger->slot_count; i++) {
		const struct ledger_slot *slot = &ledger->slots[i].slot;
		uint64_t at = slot_time(slot);
		const struct ledger_thread *user = ledger_thread_of(ledger, slot->thread, at);
		if (user && at > last[user - ledger->threads])
			last[user - ledger->threads] = at;
	}
	ledger->threads_last = last;
	return last[thread - ledger->threads];
}

static int held_compare(const void *a, const void *b)
{
	const struct held_socket *left = a, *right = b;

	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

static const struct socket_ref *ref_at(const struct audited_socket *socket, size_t member, int fd)
{
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].holds && socket->refs[i].fd == fd &&
		    socket->refs[i].member == member)
			return &socket->refs[i];
	return NULL;
}

/* The socket that a member holds by a descriptor, and that one's slot; NULL when there is none. */
static const struct audited_socket *socket_at(const struct audit *audit, size_t member, int fd,
					      const struct socket_ref **ref)
{
	const struct audited_process *process = &audit->processes[member];
	const struct held_socket key = { .fd = fd }, *held;

	if (process->files_known) {
		held = process->held_count ? bsearch(&key, process->held, process->held_count,
						     sizeof(key), held_compare)
					   : NULL;
		*ref = held && held->socket ? ref_at(held->socket, member, fd) : NULL;
		return *ref ? held->socket : NULL;
	}
	for (size_t i = 0; i < audit->socket_count; i++)
		if ((*ref = ref_at(audit->sockets[i], member, fd)))
			return audit->sockets[i];
	return NULL;
}

/* What the thread waits for, as the other end of it, and whether it is an answer. */
static void wait_describe(const struct audit *audit, struct last_thread *last)
{
	const struct socket_ref *ref;

	if (!last->place.doing || last->place.fd < 0)
		return;
	const struct audited_socket *socket = socket_at(
		audit, (size_t)(last->member - audit->members->items), last->place.fd, &ref);
	if (!socket)
		return;
	const struct ledger_slot *slot = ref->slot;
	const char *known = kernel_peer_text(audit->arena, &socket->kernel);
	last->peer =
		known ? known
		      : address_text(audit->arena, last->member->ledger, slot->family, &slot->peer);
	/* Who connected waits for an answer, and goes on with nothing before. */
	last->place.is_held_up |= last->place.reads && (slot->flags & SOCKET_CONNECTOR);
}

struct last_thread last_thread_find(const struct audit *audit,
				    struct audited_socket *const *sockets, size_t count)
{
	struct tally *tallies = NULL, *most = NULL;
	size_t tally_count = 0, room = 0;

	for (size_t i = 0; i < count; i++) {
		const struct socket_ref *ref = ref_of(sockets[i]->judgement);
		const struct member *member = &audit->members->items[ref->member];
		uint64_t at = slot_time(ref->slot);
		const struct ledger_thread *thread =
			ledger_thread_of(member->ledger, ref->slot->thread, at);
		if (!thread)
			continue;
		struct tally *tally =
			tally_of(audit->arena, &tallies, &tally_count, &room, thread, member);
		tally->last.count++;
		tally->used = verdict_later(tally->used, at);
		tally->end = verdict_later(tally->end, sockets[i]->judgement->end);
		tally->since = verdict_later(tally->since, sockets[i]->judgement->verdict.since);
	}
	for (size_t i = 0; i < tally_count; i++)
		if (!most || tallies[i].last.count > most->last.count)
			most = &tallies[i];
	if (!most)
		return (struct last_thread){ .of = count };
	struct last_thread last = most->last;
	struct ledger *ledger = last.member->ledger;
	uint64_t end = most->end, youngest = thread_youngest(audit->arena, ledger, last.thread);
	last.of = count;
	last.went_on = youngest > most->used;
	last.idle_ms = cycles_to_ms(ledger->ns_per_cycle, youngest, end);
	last.before = cycles_to_ms(ledger->ns_per_cycle, most->since, youngest) <= VERDICT_TICKS_MS;
	if (last.member->running && !last.member->superseded)
		last.place =
			proc_thread_place(audit->arena, last.member->pid, last.thread->tid,
					  cycles_to_ms(ledger->ns_per_cycle, last.thread->at, end));
	wait_describe(audit, &last);
	return last;
}

bool last_thread_is_stuck(const struct last_thread *last)
{
	if (last->went_on)
		return last->before && last->place.is_held_up;
	return last->thread &&
	       (last->place.stand == THREAD_ENDED || last->place.stand == THREAD_RUNS ||
		last->place.stand == THREAD_BLOCKED);
}

static const char *who(struct arena *arena, const struct last_thread *last, bool timeless)
{
	const char *name = *last->place.comm ? last->place.comm : last->thread->comm;

	const uint32_t number = last->place.task ? last->place.task : last->thread->tid;

	if (timeless)
		return *name ? arena_printf(arena, "thread %s", name) : "a thread";
	return *name ? arena_printf(arena, "thread %" PRIu32 " (%s)", number, name)
		     : arena_printf(arena, "thread %" PRIu32, number);
}

const char *last_thread_text(struct arena *arena, const struct last_thread *last, bool timeless)
{
	if (!last->thread)
		return "";
	const char *which = last->of == 1 ? "it"
			    : last->count == last->of
				    ? "them"
				    : arena_printf(arena, "%zu of %zu", last->count, last->of);
	const char *since = duration_text(arena, last->idle_ms), *text;
	bool live = last->member->running && !last->member->superseded;

	text = arena_printf(arena, "; %s, which used %s last,", who(arena, last, timeless), which);
	const char *doing = last->place.doing;
	if (doing && last->peer && !timeless)
		doing = arena_printf(arena, "%s (to %s)", doing, last->peer);
	/* Between two calls of a loop it is in some call at any moment: one that lasts for longer
	 * than the FIN is there tells why nobody comes. */
	if (last->went_on && last->before && last->place.stand == THREAD_BLOCKED && doing)
		return arena_printf(arena, "%s went on with other sockets and%s now %s", text,
				    timeless ? "" : arena_printf(arena, " for up to %s", since),
				    doing);
	if (last->went_on)
		return arena_printf(
			arena, "%s went on with other sockets%s", text,
			timeless ? ""
			: live	 ? arena_printf(arena, ", up to %s ago", since)
				 : arena_printf(arena, ", up to %s before the end", since));
	if (last->place.stand == THREAD_ENDED)
		return arena_printf(arena, "%s has ended since", text);
	text = arena_printf(arena, "%s%s no read or write %s%s", text, live ? " has made" : " made",
			    timeless ? "since" : arena_printf(arena, "for up to %s", since),
			    live || timeless ? "" : " before the end");
	return doing ? arena_printf(arena, "%s and %s", text, doing) : text;
}
