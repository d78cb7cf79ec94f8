/* SPDX-License-Identifier: MIT */
/*
 * The list of all sockets: by process, a few lines for each socket: what it is, where it was
 * opened, how its life went, who stands at the other end.
 */
#include "text_listed.h"
#include "text_peer.h"
#include "text_site.h"

#include <inttypes.h>
#include <string.h>

#define PLACE_COLUMNS 60u
#define HOLDERS_SHOWN 4u

static const char *comm_of(const struct text *text, const struct socket_row *row)
{
	const struct report *report = text->report;
	for (size_t i = 0; i < report->process_count; i++)
		if (report->processes[i].pid == row->pid)
			return report->processes[i].comm;
	for (size_t i = 0; i < row->holder_count; i++)
		if (row->holders[i].pid == row->pid)
			return row->holders[i].comm;
	return NULL;
}

/* "12 CLOSE_WAIT, 3 LISTEN, 2 udp". */
static char *sum(struct text *text)
{
	struct {
		const char *what;
		uint64_t count;
	} sums[TCP_STATE_COUNT + 32] = { { NULL, 0 } };
	const size_t most = sizeof(sums) / sizeof(*sums);
	size_t kinds = 0;
	for (size_t i = 1; i < TCP_STATE_COUNT; i++)
		sums[kinds++].what = tcp_state_names[i];
	for (size_t i = 0; i < text->report->socket_count; i++) {
		const struct socket_row *row = &text->report->sockets[i].row;
		const char *what = row->tcp_state  ? row->tcp_state
				   : row->protocol ? row->protocol
						   : "of unknown kind";
		size_t at = 0;
		while (at < kinds && strcmp(sums[at].what, what))
			at++;
		if (at == kinds && kinds == most)
			at--;
		else if (at == kinds)
			sums[kinds++].what = what;
		sums[at].count++;
	}
	char *words = text_make(text, "%s", "");
	for (size_t i = 0; i < kinds; i++)
		if (sums[i].count)
			words = text_make(text, "%s%s%s %s", words, *words ? ", " : "",
					  text_number(text, sums[i].count),
					  text_safe(text, sums[i].what));
	return words;
}

static char *queues(struct text *text, const struct socket_row *row)
{
	if (!row->queues_known || (!row->recv_q && !row->send_q))
		return text_make(text, "%s", "");
	return text_make(text, ", Recv-Q %u, Send-Q %u", row->recv_q, row->send_q);
}

/* "tcp CLOSE_WAIT 127.0.0.1:80 - 127.0.0.1:5555, inode 123, eof-not-closed". */
static char *identity(struct text *text, const struct listed_socket *socket)
{
	const struct socket_row *row = &socket->row;
	const char *protocol = row->protocol ? text_safe(text, row->protocol) : "socket";
	bool is_unix = row->family && !strcmp(row->family, "unix");
	char *words = text_make(text, "%s%s", protocol,
				is_unix && row->type ? text_make(text, " %s", row->type) : "");
	if (row->tcp_state)
		words = text_make(text, "%s %s", words, text_safe(text, row->tcp_state));
	else if (row->listening)
		words = text_make(text, "%s LISTEN", words);
	if (row->local)
		words = text_make(text, "%s %s", words, text_safe(text, row->local));
	else if (is_unix && !socket->life.ended)
		words = text_make(text, "%s unnamed", words);
	if (row->peer)
		words = text_make(text, "%s -> %s", words, text_safe(text, row->peer));
	words = text_make(text, "%s%s", words, queues(text, row));
	if (row->inode && !text->settings->reproducible)
		words = text_make(text, "%s, inode %" PRIu64, words, row->inode);
	return socket->rule ? text_make(text, "%s, %s", words, socket->rule) : words;
}

static char *opened(struct text *text, const struct listed_socket *socket)
{
	if (!socket->opened.call)
		return text_make(text, "%s", text_safe(text, socket->unexplained));
	const struct frame *site = stack_site(socket->opened.stack);
	return text_make(text, "%s%s%s", text_call(text, socket->opened.call),
			 site ? " at " : ", place unknown",
			 site ? text_site(text, site, PLACE_COLUMNS) : "");
}

/* The others that hold it. */
static void held_by(struct text *text, const struct socket_row *row)
{
	char *words = text_make(text, "%s", "");
	size_t shown = 0, others = 0;
	for (size_t i = 0; i < row->holder_count; i++) {
		const struct holder *holder = &row->holders[i];
		if (holder->pid == row->pid && holder->fd == row->fd)
			continue;
		if (shown++ >= HOLDERS_SHOWN) {
			others++;
			continue;
		}
		const char *who =
			holder->pid == row->pid ? "" : text_who(text, holder->pid, holder->comm);
		words = text_make(
			text, "%s%s%s%s", words, *words ? "; " : "", who,
			holder->fd < 0 ? ""
				       : text_make(text, "%sfd %d", *who ? ", " : "", holder->fd));
	}
	if (others)
		words = text_make(text, "%s and %s", words,
				  text_count(text, others, "other", "others"));
	if (!*words)
		return;
	/* That several accept from one listener is as it should be. */
	if (!row->listening && text_holder_processes(row->holders, row->holder_count) > 1)
		words = text_make(text, "%s: the end of one of them frees nothing", words);
	text_words(text, "", text_make(text, "also held by %s", words));
}

/* Whom a socket waits for that we have shut; NULL: for nobody, or nobody is known. */
static char *waits_for(struct text *text, const struct socket_row *row)
{
	const struct peer_process *peer = row->peer_process;
	if (!peer || !peer->holder_count || peer->life.ended || !row->tcp_state)
		return NULL;
	const char *must = !strcmp(row->tcp_state, "FIN_WAIT2") ? "must close()"
			   : !strcmp(row->tcp_state, "FIN_WAIT1")
				   ? "must read what was sent, or close()"
				   : NULL;
	if (!must)
		return NULL;
	return text_make(text, "waits for the peer: %s, fd %d %s",
			 text_who(text, peer->pid, peer->comm), peer->fd, must);
}

static void other_end(struct text *text, const struct socket_row *row)
{
	if (!text_peer_is_told(text, row))
		return;
	char *wait = waits_for(text, row);
	if (wait)
		text_words(text, "", wait);
	text_words(text, "", text_make(text, "peer: %s", text_peer_life(text, row)));
}

static void one(struct text *text, const struct listed_socket *socket)
{
	const char *label = socket->row.fd >= 0 ? text_make(text, "fd %d", socket->row.fd) : "fd ?";
	char *life = text_life(text, &socket->life, NULL);
	text_words(text, label, identity(text, socket));
	text_words(text, "", opened(text, socket));
	if (*life)
		text_words(text, "", life);
	held_by(text, &socket->row);
	other_end(text, &socket->row);
}

void text_listed(struct text *text)
{
	const struct report *report = text->report;
	if (!report->sockets_listed)
		return;
	text_gap(text);
	char *of = report->sockets_states
			   ? text_make(text, " in %s", text_safe(text, report->sockets_states))
			   : text_make(text, "%s", "");
	char *counted = report->socket_count ? text_make(text, ": %s", sum(text))
					     : text_make(text, "%s", "");
	text_title(text, 0, COLOUR_BOLD,
		   text_make(text, "%s%s%s",
			     text_count(text, report->socket_count, "socket", "sockets"), of,
			     counted));
	for (size_t i = 0; i < report->socket_count; i++) {
		const struct socket_row *row = &report->sockets[i].row;
		if (!i || row->pid != report->sockets[i - 1].row.pid) {
			text_gap(text);
			text_title(text, 0, COLOUR_NONE,
				   text_who(text, row->pid, comm_of(text, row)));
		}
		one(text, &report->sockets[i]);
	}
}
