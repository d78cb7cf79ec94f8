/* SPDX-License-Identifier: MIT */
/* Which states are too many, and what the census itself knows of why; see states_advice.h. */
#include "states_advice.h"

#include "proc.h"
#include "states_groups.h"
#include "states_time_wait.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FACTS_MOST	     6
#define TIME_WAIT_SECONDS    60 /* TCP_TIMEWAIT_LEN */
#define PORTS_PERCENT_MANY   50
#define HALF_CLOSED_MANY     100
#define BUCKETS_PERCENT_FULL 90

/* The worst first: whose sockets stay for ever, then whose service suffers, then what passes. */
static const enum tcp_state worst_first[] = {
	STATE_CLOSE_WAIT, STATE_CLOSE,	   STATE_LISTEN,    STATE_ESTABLISHED,
	STATE_SYN_RECV,	  STATE_SYN_SENT,  STATE_FIN_WAIT1, STATE_LAST_ACK,
	STATE_CLOSING,	  STATE_FIN_WAIT2, STATE_TIME_WAIT, STATE_NONE,
};

struct advising {
	struct arena *arena;
	const struct states_sockets *sockets;
	const struct states *census;
	struct state_advice *advice;
	size_t facts;
	struct time_wait time_wait;
};

__attribute__((format(printf, 2, 3))) static void fact(struct advising *advising,
						       const char *format, ...)
{
	char text[512];
	va_list list;

	if (advising->facts == FACTS_MOST)
		return;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	advising->advice->facts[advising->facts++] = arena_copy(advising->arena, text);
}

static const struct states_row *largest(struct advising *advising, enum states_by by, bool named)
{
	size_t count;
	const struct states_row *rows =
		states_rows_make(advising->arena, advising->census, advising->sockets, by,
				 advising->advice->state, &count);

	for (size_t i = 0; i < count; i++)
		if (!named || rows[i].pid)
			return &rows[i];
	return NULL;
}

/* Where most of them are: the largest holder, and how full its table of descriptors is. */
static void process_tell(struct advising *advising)
{
	const struct states_row *most = largest(advising, BY_PROCESS, true);
	struct proc_files files;

	if (!most)
		return;
	advising->advice->most = most;
	if (advising->census->from) {
		advising->advice->next = arena_printf(
			advising->arena, "on that host: sockaudit report %" PRIu32, most->pid);
		return;
	}
	advising->advice->most_limit = proc_nofile_limit(most->pid);
	if (!proc_files(advising->arena, most->pid, &files))
		advising->advice->most_open = files.open;
	/* What is too many now is to be told now. */
	advising->advice->next =
		arena_printf(advising->arena, "sockaudit report %" PRIu32 " --grace 0", most->pid);
}

static void row_tell(struct advising *advising, enum states_by by, const char *where)
{
	size_t count;
	const struct states_row *rows =
		states_rows_make(advising->arena, advising->census, advising->sockets, by,
				 advising->advice->state, &count);

	if (!count || !rows[0].name || !strncmp(rows[0].name, "no ", 3))
		return;
	if (count == 1)
		fact(advising, "all %s %s", where, rows[0].name);
	else
		fact(advising, "%" PRIu64 " %s %s, the most of %zu", rows[0].all, where,
		     rows[0].name, count);
}

static const char *peers_command(const struct advising *advising)
{
	return advising->census->from ? "on that host: sockaudit states --by peer"
				      : "sockaudit states --by peer";
}

/* Where nothing told of a process. */
static void process_ask(struct advising *advising)
{
	if (!advising->advice->next)
		advising->advice->next =
			advising->census->from
				? "on that host: sockaudit states, and sockaudit report PID of "
				  "the process that it names"
				: "as root: sockaudit states, which then names the process";
}

static void close_wait_tell(struct advising *advising)
{
	const struct states *census = advising->census;
	const struct state_count *count = &census->count[STATE_CLOSE_WAIT];

	process_tell(advising);
	if (census->owners_known && count->without_owner * 2 > count->all) {
		advising->advice->side = "this side: the program calls accept() too seldom; no "
					 "descriptor is held, no close() is missing";
		advising->advice->most = NULL;
		advising->advice->next = "sockaudit states --by listener";
		row_tell(advising, BY_LISTENER, "at");
	}
	if (census->owners_known && count->without_owner)
		fact(advising,
		     "%" PRIu64
		     " belong to no process yet: they ended in a listener's accept queue, "
		     "where an accept() is missing, no close()",
		     count->without_owner);
	if (census->keepalive_known)
		fact(advising, "%" PRIu64 " of %" PRIu64 " have SO_KEEPALIVE (its timer runs)",
		     count->keepalive, count->all);
	process_ask(advising);
	row_tell(advising, BY_PEER, "from");
}

static void closed_tell(struct advising *advising)
{
	process_tell(advising);
	process_ask(advising);
}

static void accept_tell(struct advising *advising)
{
	row_tell(advising, BY_LISTENER, "at");
	advising->advice->next = "sockaudit states --by listener";
}

static void listen_tell(struct advising *advising)
{
	const struct states_sockets *sockets = advising->sockets;

	for (size_t i = 0; i < sockets->count; i++) {
		const struct states_socket *socket = &sockets->items[i];
		if (!socket->queue_full)
			continue;
		fact(advising, "port %u%s%s", socket->local_port, socket->pid ? ", " : "",
		     socket->pid ? arena_printf(advising->arena, "pid %" PRIu32 " %s", socket->pid,
						socket->comm ? socket->comm : "?")
				 : "");
		if (socket->pid && !advising->advice->next && !advising->census->from)
			advising->advice->next = arena_printf(
				advising->arena, "sockaudit report %" PRIu32, socket->pid);
	}
}

static void syn_recv_tell(struct advising *advising)
{
	size_t peers;

	row_tell(advising, BY_LISTENER, "at");
	states_rows_make(advising->arena, advising->census, advising->sockets, BY_PEER,
			 STATE_SYN_RECV, &peers);
	if (peers > 1)
		fact(advising, "from %zu addresses: %s", peers,
		     peers * 2 > advising->census->count[STATE_SYN_RECV].all
			     ? "almost each another one, as in a SYN flood"
			     : "few for so many; look at them with --by peer");
	advising->advice->next = peers_command(advising);
}

static void syn_sent_tell(struct advising *advising)
{
	row_tell(advising, BY_DESTINATION, "to");
	const struct states_row *most = largest(advising, BY_PROCESS, true);
	if (most)
		fact(advising, "%s waits for %" PRIu64, most->name, most->all);
	advising->advice->next = peers_command(advising);
}

static void peer_tell(struct advising *advising)
{
	row_tell(advising, BY_PEER, "with");
	advising->advice->next = peers_command(advising);
}

static void fin_wait2_tell(struct advising *advising)
{
	const struct states *census = advising->census;
	const struct state_count *count = &census->count[STATE_FIN_WAIT2];
	uint64_t open = count->all - count->without_owner;

	if (census->owners_known)
		fact(advising,
		     "%" PRIu64 " closed here (orphans: they end), %" PRIu64
		     " shut down but still open (they don't)",
		     count->without_owner, open);
	if (census->owners_known && open >= HALF_CLOSED_MANY) {
		process_tell(advising);
	} else if (census->owners_known) {
		advising->advice->note = true;
		advising->advice->side = "the peer: its program holds the connection in "
					 "CLOSE_WAIT; these end here after tcp_fin_timeout";
	}
	row_tell(advising, BY_PEER, "with");
	if (!advising->advice->next)
		advising->advice->next = peers_command(advising);
}

static void time_wait_tell(struct advising *advising)
{
	uint64_t all = advising->census->count[STATE_TIME_WAIT].all;
	const struct time_wait *ports = &advising->time_wait;

	if (all >= TIME_WAIT_SECONDS)
		fact(advising,
		     "at 60 s each that is about %" PRIu64
		     " connections a second that this side closed first",
		     all / TIME_WAIT_SECONDS);
	if (ports->buckets && ports->there >= ports->buckets / 100 * BUCKETS_PERCENT_FULL)
		fact(advising,
		     "%" PRIu64 " of %" PRIu64
		     " (tcp_max_tw_buckets): beyond it the kernel cuts TIME_WAIT short",
		     ports->there, ports->buckets);
	if (ports->known && ports->accepted)
		fact(advising,
		     "%" PRIu64
		     " of connections that this host accepted: no port is used up by them",
		     ports->accepted);
	if (ports->known && ports->destination)
		fact(advising,
		     "%" PRIu64 " of connections that this host made; most toward %s: %" PRIu64
		     "%s",
		     ports->connected, ports->destination->name, ports->destination->all,
		     ports->ports ? arena_printf(advising->arena,
						 " of %" PRIu64 " ports (%" PRIu64 " %%)",
						 ports->ports, ports->percent)
				  : " ports");
	if (ports->destination && ports->reused)
		fact(advising,
		     "tcp_tw_reuse is at work there: the next connect() may take such a port");
	advising->advice->next = peers_command(advising);
}

static void nothing_tell(struct advising *advising)
{
	(void)advising;
}

static void (*const tell[STATE_COUNT])(struct advising *) = {
	[STATE_NONE] = nothing_tell,	      [STATE_ESTABLISHED] = accept_tell,
	[STATE_SYN_SENT] = syn_sent_tell,     [STATE_SYN_RECV] = syn_recv_tell,
	[STATE_FIN_WAIT1] = peer_tell,	      [STATE_FIN_WAIT2] = fin_wait2_tell,
	[STATE_TIME_WAIT] = time_wait_tell,   [STATE_CLOSE] = closed_tell,
	[STATE_CLOSE_WAIT] = close_wait_tell, [STATE_LAST_ACK] = peer_tell,
	[STATE_LISTEN] = listen_tell,	      [STATE_CLOSING] = peer_tell,
};

const struct states_namespace *states_where_most(const struct states *census, enum tcp_state state)
{
	const struct states_namespace *most = NULL;

	for (size_t i = 0; i < census->namespace_count; i++)
		if (!most || census->namespaces[i].states[state] > most->states[state])
			most = &census->namespaces[i];
	return most;
}

static uint64_t counted(const struct advising *advising, enum tcp_state state)
{
	const struct states *census = advising->census;
	uint64_t full = 0;

	switch (state) {
	case STATE_LISTEN:
		for (size_t i = 0; i < advising->sockets->count; i++)
			full += advising->sockets->items[i].queue_full;
		return full;
	case STATE_ESTABLISHED:
		return census->owners_known ? census->count[state].without_owner : 0;
	case STATE_SYN_SENT:
	case STATE_SYN_RECV:
	case STATE_FIN_WAIT1:
	case STATE_FIN_WAIT2:
	case STATE_TIME_WAIT:
	case STATE_CLOSE:
	case STATE_CLOSE_WAIT:
	case STATE_LAST_ACK:
	case STATE_CLOSING:
		return census->count[state].all;
	case STATE_NONE:
	case STATE_COUNT:
		break;
	}
	return 0;
}

static void advise_on(struct advising *advising, enum tcp_state state)
{
	const struct states *census = advising->census;
	const struct states_namespace *where = states_where_most(census, state);
	struct state_advice *advice = advising->advice;

	*advice = (struct state_advice){ .state = state, .note = state_lore[state].note };
	advice->side = state_lore[state].side;
	advice->counted = counted(advising, state);
	advice->too_many = advice->counted >= state_lore[state].too_many;
	if (state == STATE_FIN_WAIT2 && census->owners_known &&
	    census->count[state].all - census->count[state].without_owner >= HALF_CLOSED_MANY)
		advice->too_many = true;
	if (state == STATE_TIME_WAIT) {
		time_wait_find(advising->arena, census, advising->sockets, &advising->time_wait);
		if (advising->time_wait.percent >= PORTS_PERCENT_MANY) {
			advice->too_many = true;
			advice->note = advising->time_wait.reused;
		}
	}
	advice->facts = arena_array(advising->arena, FACTS_MOST + 1, sizeof(*advice->facts));
	advising->facts = 0;
	if (advice->too_many)
		tell[state](advising);
	if (where)
		advice->settings = &where->settings;
	/* Of our own nothing need be said. */
	if (where && where->door)
		advice->settings_of = where->name;
}

void states_advise(struct arena *arena, const struct states_sockets *sockets, struct states *census)
{
	struct advising advising = { .arena = arena, .sockets = sockets, .census = census };
	bool many[STATE_COUNT] = { false };

	census->advice = arena_array(arena, STATE_COUNT, sizeof(*census->advice));
	for (const enum tcp_state *state = worst_first; *state; state++) {
		advising.advice = &census->advice[census->advice_count];
		if (!census->count[*state].all)
			continue;
		advise_on(&advising, *state);
		many[*state] = advising.advice->too_many;
		census->advice_count += many[*state];
	}
	census->too_many = census->advice_count;
	for (const enum tcp_state *state = states_in_order; *state; state++) {
		if (!census->count[*state].all || many[*state])
			continue;
		advising.advice = &census->advice[census->advice_count++];
		advise_on(&advising, *state);
	}
}
