/* SPDX-License-Identifier: MIT */
/*
 * The model's pieces as JSON values. What isn't known is null. NULL only when memory is out:
 * objects and arrays made of a NULL are NULL in turn and release the rest, so a failure anywhere is
 * seen at the top.
 */
#ifndef JSON_VALUES_H
#define JSON_VALUES_H

#include "render.h"

#include <jansson.h>

struct json_field {
	const char *key;
	json_t *value;
};

/* An object of the fields, ended by one without a key; their values are taken over. */
json_t *json_fields(const struct json_field *fields);
json_t *json_text(const char *text);
json_t *json_number(uint64_t number);
json_t *json_number_if(bool known, uint64_t number);
/* Null under --reproducible: differs from run to run. */
json_t *json_passing(const struct render_settings *settings, bool known, uint64_t number);
json_t *json_ms(const struct render_settings *settings, uint64_t ms);
/* RFC 3339, UTC; 0 is unknown. */
json_t *json_time(const struct render_settings *settings, uint64_t realtime_ns);

/* Appends `value`, which is taken over; false and *array released and NULL when memory is out. */
bool json_append(json_t **array, json_t *value);

json_t *json_frame(const struct frame *frame);
json_t *json_frames(const struct stack *stack);
json_t *json_place(const struct place *place);
/* A place whose call had a result: with errno. */
json_t *json_result_place(const struct place *place);

/* As a document, ASCII only since it may end up on a terminal; NULL is memory that is out. 0 or
 * -errno. */
/* A value within another, the lines of which are indented so far. 0 or -errno. */
int json_print_at(const json_t *value, int indent, FILE *out);
int json_print(const json_t *value, FILE *out);

/* json_unaudited.c: a process's sockets without an auditor, and how many are in which TCP state. */
json_t *json_unaudited_sockets(const struct process *process,
			       const struct render_settings *settings);
json_t *json_unaudited_states(const struct process *process);
/* json_socket.c: a finding's socket, and one of the list, which tells more. */
json_t *json_socket(const struct socket_row *row, const struct render_settings *settings);
json_t *json_listed_socket(const struct listed_socket *socket,
			   const struct render_settings *settings);
/* The call that used a socket last; null: never used. */
json_t *json_use(const char *call, uint64_t age_ms, const struct render_settings *settings);
/* json_namespace.c: counts by reason; and what each network namespace holds. */
json_t *json_reasons(const struct unexplained *reasons, size_t count);
json_t *json_namespaces(const struct report *report, const struct render_settings *settings);
/* json_finding.c */
json_t *json_finding(const struct finding *finding, const struct render_settings *settings);

#endif
