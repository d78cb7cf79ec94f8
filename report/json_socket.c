/* SPDX-License-Identifier: MIT */
/* One socket as JSON: of a finding, or of the list of all; with its other end, where that is on
 * this machine. */
#include "json_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *holders(const struct holder *held, size_t count,
		       const struct render_settings *settings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++) {
		const struct holder *holder = &held[i];
		json_t *value = json_fields((struct json_field[]){
			{ "pid", json_passing(settings, true, holder->pid) },
			{ "comm", json_text(holder->comm) },
			{ "fd", json_number_if(holder->fd >= 0, (uint64_t)holder->fd) },
			{ 0 },
		});
		if (!json_append(&array, value))
			return NULL;
	}
	return array;
}

static json_t *cookie(const struct socket_row *row, const struct render_settings *settings)
{
	char text[17];
	if (!row->cookie || settings->reproducible)
		return json_null();
	snprintf(text, sizeof(text), "%" PRIx64, row->cookie);
	return json_string(text);
}

static json_t *since(const struct socket_row *row)
{
	if (row->since_ms == MS_UNKNOWN)
		return json_null();
	return json_string(row->since_at_least ? "at_least" : "exact");
}

/* The call that used a socket last; null: never used. */
json_t *json_use(const char *call, uint64_t age_ms, const struct render_settings *settings)
{
	if (!call)
		return json_null();
	return json_fields((struct json_field[]){
		{ "call", json_text(call) },
		{ "age_ms", json_ms(settings, age_ms) },
		{ 0 },
	});
}

/* The call and its site: the whole stack stands with the finding. */
static json_t *short_place(const struct place *place)
{
	if (!place->call)
		return json_null();
	return json_fields((struct json_field[]){
		{ "call", json_text(place->call) },
		{ "frame", json_frame(stack_site(place->stack)) },
		{ 0 },
	});
}

static json_t *peer_process(const struct peer_process *peer, const struct render_settings *settings)
{
	/* How it stands there at this moment differs from run to run. */
	bool passing = settings->reproducible;
	if (!peer || (passing && !peer->pid))
		return json_null();
	return json_fields((struct json_field[]){
		{ "pid", json_passing(settings, peer->pid, peer->pid) },
		{ "comm", json_text(peer->comm) },
		{ "fd", json_number_if(peer->fd >= 0, (uint64_t)peer->fd) },
		{ "tcp_state", json_text(passing ? NULL : peer->tcp_state) },
		{ "opened", short_place(&peer->opened) },
		{ "closed", short_place(&peer->closed) },
		{ "closed_ms", json_ms(settings, peer->life.closed_ms) },
		{ "opened_ms", json_ms(settings, peer->life.opened_ms) },
		{ "last_use", json_use(peer->life.used_call, peer->life.used_ms, settings) },
		{ "fin_ms", json_ms(settings, peer->life.fin_most_ms) },
		{ "fin_least_ms", json_ms(settings, peer->life.fin_least_ms) },
		{ "eof_ms", json_ms(settings, peer->life.eof_ms) },
		{ "holders", holders(peer->holders, peer->holder_count, settings) },
		{ "note", json_text(passing ? NULL : peer->note) },
		{ 0 },
	});
}

json_t *json_socket(const struct socket_row *row, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "pid", json_passing(settings, true, row->pid) },
		{ "fd", json_number_if(row->fd >= 0, (uint64_t)row->fd) },
		{ "family", json_text(row->family) },
		{ "local", json_text(row->local) },
		{ "peer", json_text(row->peer) },
		{ "cookie", cookie(row, settings) },
		{ "inode", json_passing(settings, row->inode, row->inode) },
		{ "tcp_state", json_text(row->tcp_state) },
		{ "recv_q", json_number_if(row->queues_known, row->recv_q) },
		{ "send_q", json_number_if(row->queues_known, row->send_q) },
		{ "age_ms", json_ms(settings, row->age_ms) },
		{ "since_ms", json_ms(settings, row->since_ms) },
		{ "since", since(row) },
		{ "eof_reads", json_number_if(row->traffic_known, row->eof_reads) },
		{ "received", json_number_if(row->traffic_known, row->received) },
		{ "sent", json_number_if(row->traffic_known, row->sent) },
		{ "last_use", json_use(row->last_call, row->last_use_ms, settings) },
		{ "holders", holders(row->holders, row->holder_count, settings) },
		{ "peer_process", peer_process(row->peer_process, settings) },
		{ "marks", json_fields((struct json_field[]){
				   { "opened", json_text(row->mark_opened) },
				   { "evidence", json_text(row->mark_evidence) },
				   { 0 },
			   }) },
		{ 0 },
	});
}

/* Both objects are taken over; NULL when memory is out. */
static json_t *together(json_t *object, json_t *more)
{
	bool failed = !object || !more || json_object_update(object, more);
	json_decref(more);
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}

json_t *json_listed_socket(const struct listed_socket *socket,
			   const struct render_settings *settings)
{
	const struct socket_life *life = &socket->life;
	return together(json_socket(&socket->row, settings),
			json_fields((struct json_field[]){
				{ "type", json_text(socket->row.type) },
				{ "protocol", json_text(socket->row.protocol) },
				{ "opened", short_place(&socket->opened) },
				{ "rule", json_text(socket->rule) },
				{ "unexplained", json_text(socket->unexplained) },
				{ "listening", json_boolean(socket->row.listening) },
				{ "opened_ms", json_ms(settings, life->opened_ms) },
				{ "fin", json_boolean(life->fin) },
				{ "fin_ms", json_ms(settings, life->fin_most_ms) },
				{ "fin_least_ms", json_ms(settings, life->fin_least_ms) },
				{ "eof_ms", json_ms(settings, life->eof_ms) },
				{ "error_ms", json_ms(settings, life->error_ms) },
				{ "shutdown_ms", json_ms(settings, life->shutdown_ms) },
				{ "closed", short_place(&socket->closed) },
				{ 0 },
			}));
}
