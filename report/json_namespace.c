/* SPDX-License-Identifier: MIT */
/* What each network namespace holds, and what accounts for it, as JSON values. */
#include "json_values.h"

json_t *json_reasons(const struct unexplained *reasons, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count && object; i++) {
		if (json_object_set_new(object, reasons[i].reason, json_number(reasons[i].count))) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

static json_t *states_value(const struct namespace_sum *sum)
{
	json_t *counts = json_object();

	for (size_t i = 1; i < TCP_STATE_COUNT && counts; i++) {
		if (tcp_state_names[i] &&
		    json_object_set_new(counts, tcp_state_names[i],
					json_number_if(sum->known, sum->states[i]))) {
			json_decref(counts);
			counts = NULL;
		}
	}
	return counts;
}

static json_t *others_value(const struct namespace_sum *sum)
{
	json_t *array = json_array();

	for (size_t i = 0; i < sum->other_count; i++) {
		const struct namespace_holder *other = &sum->others[i];
		if (!json_append(&array, json_fields((struct json_field[]){
						 { "pid", json_number(other->pid) },
						 { "comm", json_text(other->comm) },
						 { "count", json_number(other->count) },
						 { 0 },
					 })))
			return NULL;
	}
	return array;
}

static json_t *namespace_value(const struct namespace_sum *sum)
{
	return json_fields((struct json_field[]){
		{ "net_ns", json_number(sum->net_ns) },
		{ "states", states_value(sum) },
		{ "close_wait",
		  json_fields((struct json_field[]){
			  { "kernel", json_number_if(sum->known, sum->close_wait) },
			  { "found", json_number_if(sum->known, sum->found) },
			  { "grace", json_number_if(sum->known, sum->grace) },
			  { "unexplained", json_reasons(sum->unexplained, sum->unexplained_count) },
			  { "others", others_value(sum) },
			  { 0 },
		  }) },
		{ 0 },
	});
}

json_t *json_namespaces(const struct report *report, const struct render_settings *settings)
{
	json_t *array = json_array();

	/* What others do there differs from run to run. */
	for (size_t i = 0; i < report->namespace_count && !settings->reproducible; i++) {
		if (!json_append(&array, namespace_value(&report->namespaces[i])))
			return NULL;
	}
	return array;
}
