/* SPDX-License-Identifier: MIT */
/* What the kernel alone knows of a process that has no auditor, as JSON values. */
#include "json_values.h"

static json_t *socket_value(const struct unaudited_socket *socket,
			    const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "fd", json_integer(socket->fd) },
		{ "local", json_text(socket->local) },
		{ "peer", json_text(socket->peer) },
		{ "tcp_state", json_string("CLOSE_WAIT") },
		{ "recv_q", json_number(socket->recv_q) },
		{ "send_q", json_number(socket->send_q) },
		{ "since_ms", json_ms(settings, socket->least_ms) },
		{ "since", json_text(socket->least_ms == MS_UNKNOWN ? NULL : "at_least") },
		{ "since_at_most_ms", json_ms(settings, socket->most_ms) },
		{ "inode", json_passing(settings, socket->inode, socket->inode) },
		{ 0 },
	});
}

json_t *json_unaudited_sockets(const struct process *process,
			       const struct render_settings *settings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < process->unaudited_socket_count; i++) {
		if (!json_append(&array, socket_value(&process->unaudited_sockets[i], settings)))
			return NULL;
	}
	return array;
}

json_t *json_unaudited_states(const struct process *process)
{
	json_t *counts = json_object();
	for (size_t i = 1; i < TCP_STATE_COUNT && counts; i++) {
		if (process->states[i] && tcp_state_names[i] &&
		    json_object_set_new(counts, tcp_state_names[i],
					json_number(process->states[i]))) {
			json_decref(counts);
			counts = NULL;
		}
	}
	return counts;
}
