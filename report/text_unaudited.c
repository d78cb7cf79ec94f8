/* SPDX-License-Identifier: MIT */
/* A process that has no auditor: what the kernel alone knows of its sockets. */
#include "text_unaudited.h"

#define SOCKETS_SHOWN 10

static void states(struct text *text, const struct process *process)
{
	char *words = text_count(text, process->kernel, "socket", "sockets");
	const char *between = ":";

	for (size_t i = 1; i < TCP_STATE_COUNT; i++) {
		if (!process->states[i] || !tcp_state_names[i])
			continue;
		words = text_make(text, "%s%s %s %s", words, between,
				  text_number(text, process->states[i]), tcp_state_names[i]);
		between = ",";
	}
	text_words(text, "kernel", words);
}

static char *age(struct text *text, const struct unaudited_socket *socket)
{
	if (socket->least_ms == MS_UNKNOWN || text->settings->reproducible)
		return text_make(text, "%s", "");
	return text_make(text, ", for at least %s, at most %s",
			 text_duration(text, socket->least_ms),
			 text_duration(text, socket->most_ms));
}

static char *unread(struct text *text, const struct unaudited_socket *socket)
{
	char *words = text_make(text, ", Recv-Q %s", text_number(text, socket->recv_q));

	return socket->send_q
		       ? text_make(text, "%s, Send-Q %s", words, text_number(text, socket->send_q))
		       : words;
}

void text_unaudited(struct text *text, const struct process *process)
{
	size_t count = process->unaudited_socket_count,
	       shown = count > SOCKETS_SHOWN ? SOCKETS_SHOWN : count;

	if (!process->coverage_known || !process->kernel)
		return;
	states(text, process);
	for (size_t i = 0; i < shown; i++) {
		const struct unaudited_socket *socket = &process->unaudited_sockets[i];
		text_words(text, i ? "" : "CLOSE_WAIT",
			   text_make(text, "fd %d from %s%s%s", socket->fd,
				     socket->peer ? socket->peer : "?", unread(text, socket),
				     age(text, socket)));
	}
	if (shown < count)
		text_words(text, "",
			   text_make(text, "and %s more; --format=json lists them",
				     text_number(text, count - shown)));
}
