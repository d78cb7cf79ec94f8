/* SPDX-License-Identifier: MIT */
/* One finding as JSON. */
#include "json_values.h"

#include <string.h>

static const char *const severities[] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

static const char *const statuses[] = {
	[STATUS_NEW] = "new",
	[STATUS_KNOWN] = "known",
	[STATUS_SUPPRESSED] = "suppressed",
};

static json_t *sockets(const struct finding *finding, const struct render_settings *settings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < finding->socket_count; i++) {
		if (!json_append(&array, json_socket(&finding->sockets[i], settings)))
			return NULL;
	}
	return array;
}

static json_t *siblings(const struct finding *finding)
{
	json_t *array = json_array();
	for (size_t i = 0; i < finding->sibling_count; i++) {
		const struct sibling *sibling = &finding->siblings[i];
		json_t *value = json_place(&sibling->closed);
		/* A close whose stack is lost still counts. */
		if (json_is_null(value))
			value = json_fields((struct json_field[]){
				{ "call", json_null() },
				{ "frames", json_array() },
				{ 0 },
			});
		if (value && json_object_set_new(value, "count", json_number(sibling->count))) {
			json_decref(value);
			value = NULL;
		}
		if (!json_append(&array, value))
			return NULL;
	}
	return array;
}

static json_t *cause(const struct finding *finding, const struct render_settings *settings)
{
	const char *text = settings->reproducible ? finding->cause_timeless : finding->cause;
	char class[] = { finding->class, '\0' };
	if (!finding->class && !text)
		return json_null();
	return json_fields((struct json_field[]){
		{ "class", json_text(finding->class ? class : NULL) },
		{ "text", json_text(text) },
		{ 0 },
	});
}

static json_t *forked(const struct finding *finding, const struct render_settings *settings)
{
	const struct holder *child = finding->child;
	if (!child)
		return json_null();
	return json_fields((struct json_field[]){
		{ "call", json_text(finding->fork.call) },
		{ "frames", json_frames(finding->fork.call ? finding->fork.stack : NULL) },
		{ "child", json_fields((struct json_field[]){
				   { "pid", json_passing(settings, true, child->pid) },
				   { "comm", json_text(child->comm) },
				   { "fd", json_number_if(child->fd >= 0, (uint64_t)child->fd) },
				   { 0 },
			   }) },
		{ 0 },
	});
}

static json_t *fact_value(const struct finding *finding, const char *key, size_t size,
			  const struct render_settings *settings)
{
	for (size_t i = 0; i < finding->fact_count; i++) {
		const struct fact *fact = &finding->facts[i];
		if (strlen(fact->key) == size && !strncmp(fact->key, key, size) &&
		    !(fact->passing && settings->reproducible))
			return fact->text ? json_text(fact->text) : json_number(fact->value);
	}
	return json_null();
}

/* Every key of the rule, those that are not known as null. */
static json_t *facts(const struct finding *finding, const struct render_settings *settings)
{
	json_t *object = json_object();
	for (const char *key = rules[finding->rule].facts; object && *key;) {
		size_t size = strcspn(key, ",");
		if (json_object_setn_new(object, key, size,
					 fact_value(finding, key, size, settings))) {
			json_decref(object);
			return NULL;
		}
		key += size + (key[size] == ',');
	}
	return object;
}

json_t *json_finding(const struct finding *finding, const struct render_settings *settings)
{
	const struct rule *rule = &rules[finding->rule];
	return json_fields((struct json_field[]){
		{ "rule", json_text(rule->name) },
		{ "severity", json_text(severities[rule->severity]) },
		{ "count", json_number(finding->count) },
		{ "fingerprint", json_text(finding->fingerprint) },
		{ "stable", json_boolean(finding->stable) },
		{ "status", json_text(statuses[finding->status]) },
		{ "gating", json_boolean(finding->gating) },
		{ "suppressed_by", json_text(finding->suppressed_by) },
		{ "site", json_frame(finding_site(finding)) },
		{ "facts", facts(finding, settings) },
		{ "opened", json_place(&finding->opened) },
		{ "connected", json_result_place(&finding->connected) },
		{ "evidence", json_result_place(&finding->evidence) },
		{ "closed", json_place(&finding->closed) },
		{ "fork", forked(finding, settings) },
		{ "siblings", siblings(finding) },
		{ "last_use", json_use(finding->last_call, finding->last_use_ms, settings) },
		{ "cause", cause(finding, settings) },
		{ "marks", json_fields((struct json_field[]){
				   { "opened", json_text(finding->mark_opened) },
				   { "evidence", json_text(finding->mark_evidence) },
				   { 0 },
			   }) },
		{ "sockets", sockets(finding, settings) },
		{ 0 },
	});
}
