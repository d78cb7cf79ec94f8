/* SPDX-License-Identifier: MIT */
/* The other end, the holders and the life of a socket in words; see text_peer.h. */
#include "text_peer.h"
#include "text_site.h"

#include <string.h>

#define PLACE_COLUMNS 50u

char *text_who(struct text *text, uint32_t pid, const char *name)
{
	char *safe = name ? text_safe(text, name) : NULL;
	if (text->settings->reproducible)
		return safe ? safe : text_make(text, "process");
	return text_make(text, "pid %u%s%s", pid, safe ? " " : "", safe ? safe : "");
}

size_t text_holder_processes(const struct holder *holders, size_t count)
{
	size_t processes = 0;
	for (size_t i = 0; i < count; i++) {
		bool again = false;
		for (size_t j = 0; j < i && !again; j++)
			again = holders[j].pid == holders[i].pid;
		processes += !again;
	}
	return processes;
}

static char *add(struct text *text, char *words, const char *more)
{
	return text_make(text, "%s%s%s", words, *words ? ", " : "", more);
}

/* " at net.c:12 serve()"; "" where nobody knows. */
static char *at_place(struct text *text, const struct place *place)
{
	const struct frame *site = place->call && place->stack ? stack_site(place->stack) : NULL;
	return site ? text_make(text, " at %s", text_site(text, site, PLACE_COLUMNS))
		    : text_make(text, "%s", "");
}

/* Who it is, and by which descriptor. */
static char *who(struct text *text, const struct socket_row *row, const char *fds)
{
	const struct peer_process *peer = row->peer_process;
	bool closed = peer->closed.call && !peer->holder_count;
	char *words = text_make(text, "%s", "");
	if (peer->pid && peer->pid == row->pid && !closed)
		words = add(text, words, "the same process");
	else if (peer->pid)
		words = add(text, words, text_who(text, peer->pid, peer->comm));
	if (closed)
		words = text_make(text, "%s closed it%s", words, at_place(text, &peer->closed));
	else if (peer->pid && fds)
		words = *fds ? add(text, words, fds) : words;
	else if (peer->pid && peer->fd >= 0)
		words = add(text, words, text_make(text, "fd %d", peer->fd));
	size_t holders = text_holder_processes(peer->holders, peer->holder_count);
	if (holders > 1)
		words = add(text, words, text_make(text, "held by %zu processes", holders));
	/* How it stands there at this moment differs from run to run. */
	if (peer->note && !closed && !text->settings->reproducible)
		words = add(text, words, text_safe(text, peer->note));
	return words;
}

bool text_peer_is_told(const struct text *text, const struct socket_row *row)
{
	return row->peer_process && (row->peer_process->pid || !text->settings->reproducible);
}

char *text_peer(struct text *text, const struct socket_row *row, const char *fds)
{
	const struct peer_process *peer = row->peer_process;
	char *words = who(text, row, fds);
	if (peer->tcp_state && !text->settings->reproducible)
		words = add(text, words, text_safe(text, peer->tcp_state));
	if (*at_place(text, &peer->opened))
		words = add(text, words,
			    text_make(text, "opened%s", at_place(text, &peer->opened)));
	return words;
}

char *text_peer_life(struct text *text, const struct socket_row *row)
{
	const struct peer_process *peer = row->peer_process;
	if (!peer->life.booked || text->settings->reproducible)
		return text_peer(text, row, NULL);
	return add(text, who(text, row, NULL), text_life(text, &peer->life, &peer->opened));
}

/* "opened 12 s ago"; without times only that it was. That the ages of an ended one are from its
 * end, the first says. */
static char *turn(struct text *text, const char *what, const char *how, uint64_t ms,
		  const struct socket_life *life, bool first)
{
	if (ms == MS_UNKNOWN || text->settings->reproducible)
		return text_make(text, "%s", what);
	return text_make(text, "%s%s %s%s", what, how, text_duration(text, ms),
			 !life->ended ? " ago"
			 : first      ? " before the end"
				      : "");
}

static char *fin_words(struct text *text, const struct socket_life *life, bool first)
{
	if (!life->fin)
		return text_make(text, life->tcp_state && strcmp(life->tcp_state, "CLOSE")
					       ? "FIN -"
					       : "FIN ?");
	if (life->fin_most_ms != MS_UNKNOWN)
		return turn(text, "FIN", " <=", life->fin_most_ms, life, first);
	return life->fin_least_ms != MS_UNKNOWN
		       ? turn(text, "FIN", " >=", life->fin_least_ms, life, first)
		       : text_make(text, "FIN came");
}

char *text_life(struct text *text, const struct socket_life *life, const struct place *opened)
{
	char *words = text_make(text, "%s", ""), *where = opened ? at_place(text, opened) : "";
	bool connection = life->tcp_state && strcmp(life->tcp_state, "LISTEN");
	if (life->opened_ms != MS_UNKNOWN)
		words = text_make(text, "%s%s",
				  turn(text, "opened", "", life->opened_ms, life, true), where);
	else if (*where)
		words = text_make(text, "opened%s", where);
	if (life->used_call)
		words = add(text, words,
			    turn(text,
				 text_make(text, "last use %s", text_call(text, life->used_call)),
				 "", life->used_ms, life, !*words));
	else if (life->booked && connection)
		words = add(text, words, "never used");
	if (connection)
		words = add(text, words, fin_words(text, life, !*words));
	if (life->eof_ms != MS_UNKNOWN)
		words = add(text, words, turn(text, "EOF", "", life->eof_ms, life, !*words));
	else if (connection)
		words = add(text, words, life->booked ? "EOF -" : "EOF ?");
	if (life->error_ms != MS_UNKNOWN)
		words = add(
			text, words,
			turn(text,
			     strerrorname_np(life->error) ? strerrorname_np(life->error) : "error",
			     "", life->error_ms, life, !*words));
	if (life->shutdown_ms != MS_UNKNOWN)
		words = add(text, words,
			    turn(text, "shut down", "", life->shutdown_ms, life, !*words));
	if (life->closed_ms != MS_UNKNOWN)
		words = add(text, words, turn(text, "closed", "", life->closed_ms, life, !*words));
	if (life->tcp_state)
		words = add(text, words,
			    text_make(text, "%s %s", life->ended ? "then" : "now",
				      text_safe(text, life->tcp_state)));
	else if (life->ended && life->closed_ms == MS_UNKNOWN)
		words = add(text, words, "open to the end");
	return words;
}
