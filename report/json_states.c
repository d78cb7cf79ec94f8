/* SPDX-License-Identifier: MIT */
/* The census of TCP states as JSON: schema sockaudit/1, with "kind": "states". */
#include "json_values.h"
#include "render_states.h"

#include <errno.h>

#ifndef SOCKAUDIT_VERSION
#define SOCKAUDIT_VERSION "0"
#endif

static json_t *counts(const uint64_t states[STATE_COUNT])
{
	json_t *object = json_object();

	for (int i = 1; i < STATE_COUNT && object; i++) {
		if (!states[i] ||
		    !json_object_set_new(object, state_lore[i].name, json_number(states[i])))
			continue;
		json_decref(object);
		object = NULL;
	}
	return object;
}

static json_t *texts(const char **items)
{
	json_t *array = json_array();

	for (; items && *items; items++)
		if (!json_append(&array, json_text(*items)))
			return NULL;
	return array;
}

static json_t *wrong_of(const struct state_lore *lore)
{
	json_t *array = json_array();

	for (const struct wrong_advice *wrong = lore->wrong;
	     wrong < lore->wrong + WRONG_MOST && wrong->claim; wrong++)
		if (!json_append(&array, json_fields((struct json_field[]){
						 { "claim", json_text(wrong->claim) },
						 { "truth", json_text(wrong->truth) },
						 { 0 },
					 })))
			return NULL;
	return array;
}

/* `now` NULL: values are not ours to tell. */
static json_t *setting_value(enum setting setting, const struct settings_now *now)
{
	return json_fields((struct json_field[]){
		{ "name", json_text(setting_lore[setting].key) },
		{ "value", json_text(now ? now->values[setting] : NULL) },
		{ "default", json_text(setting_lore[setting].today) },
		{ "old_posts", json_text(setting_lore[setting].posts) },
		{ 0 },
	});
}

static json_t *settings_of(const struct state_lore *lore, const struct settings_now *now)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < lore->setting_count; i++)
		if (!json_append(&array, setting_value(lore->settings[i], now)))
			return NULL;
	return array;
}

static json_t *state_told(const struct states *census, enum tcp_state state)
{
	const struct state_count *count = &census->count[state];
	bool told = state != STATE_CLOSE || census->close_known || count->all;

	return json_fields((struct json_field[]){
		{ "state", json_text(state_lore[state].name) },
		{ "count", json_number_if(told, count->all) },
		{ "at_least", json_boolean(state == STATE_CLOSE && census->close_at_least) },
		{ "ipv4", json_number_if(told && census->families_known, count->ipv4) },
		{ "ipv6", json_number_if(told && census->families_known, count->ipv6) },
		{ "without_process", json_number_if(census->owners_known, count->without_owner) },
		{ "keepalive", json_number_if(census->keepalive_known, count->keepalive) },
		{ "too_many_from", json_number(state_lore[state].too_many) },
		{ "too_many_of", json_text(state_lore[state].of_which) },
		{ "means", json_text(state_lore[state].means) },
		{ 0 },
	});
}

static json_t *states_told(const struct states *census)
{
	json_t *array = json_array();

	for (const enum tcp_state *state = states_in_order; *state; state++)
		if (!json_append(&array, state_told(census, *state)))
			return NULL;
	return array;
}

static json_t *row_told(const struct states_row *row, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "name", json_text(settings->reproducible && row->pid ? row->comm : row->name) },
		{ "pid", json_passing(settings, row->pid, row->pid) },
		{ "comm", json_text(row->pid ? row->comm : NULL) },
		{ "count", json_number(row->all) },
		{ "held_by_others_too", json_number(row->shared) },
		{ "states", counts(row->states) },
		{ 0 },
	});
}

static json_t *groups_told(const struct states *census, const struct render_settings *settings)
{
	json_t *array = json_array();

	if (!census->by) {
		json_decref(array);
		return json_null();
	}
	for (size_t i = 0; i < census->row_count; i++)
		if (!json_append(&array, row_told(&census->rows[i], settings)))
			return NULL;
	return json_fields((struct json_field[]){
		{ "by", json_text(states_by_names[census->by - 1]) },
		{ "rows", array },
		{ 0 },
	});
}

static json_t *advice_told(const struct state_advice *advice,
			   const struct render_settings *settings)
{
	const struct state_lore *lore = &state_lore[advice->state];
	bool pids = !settings->reproducible || !advice->most;

	return json_fields((struct json_field[]){
		{ "state", json_text(lore->name) },
		{ "counted", json_number(advice->counted) },
		{ "from", json_number(lore->too_many) },
		{ "severity", json_text(advice->note ? "note" : "warning") },
		{ "means", json_text(lore->means) },
		{ "fault", json_text(advice->side) },
		{ "here", texts(advice->facts) },
		{ "most", advice->most ? row_told(advice->most, settings) : json_null() },
		{ "nofile",
		  json_fields((struct json_field[]){
			  { "limit",
			    json_passing(settings, advice->most_limit, advice->most_limit) },
			  { "used", json_passing(settings, advice->most_open, advice->most_open) },
			  { 0 },
		  }) },
		{ "helps", json_text(lore->helps) },
		{ "no_help", json_text(lore->useless) },
		{ "wrong", wrong_of(lore) },
		{ "settings", settings_of(lore, settings->reproducible ? NULL : advice->settings) },
		{ "settings_of", json_text(settings->reproducible ? NULL : advice->settings_of) },
		{ "next", json_text(pids ? advice->next : NULL) },
		{ 0 },
	});
}

static json_t *advices_told(const struct states *census, const struct render_settings *settings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < census->too_many; i++)
		if (!json_append(&array, advice_told(&census->advice[i], settings)))
			return NULL;
	return array;
}

static json_t *namespaces_told(const struct states *census, const struct render_settings *settings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < census->namespace_count && !settings->reproducible; i++) {
		const struct states_namespace *where = &census->namespaces[i];
		json_t *values = json_object();
		for (int j = 0; j < SETTING_COUNT && values; j++) {
			if (!setting_lore[j].path)
				continue;
			if (!json_object_set_new(values, setting_lore[j].key,
						 json_text(where->settings.values[j])))
				continue;
			json_decref(values);
			values = NULL;
		}
		if (!json_append(
			    &array,
			    json_fields((struct json_field[]){
				    { "net_ns", json_number_if(where->inode, where->inode) },
				    { "name", json_text(where->name) },
				    { "how", json_text(where->how) },
				    { "trouble", json_text(where->trouble) },
				    { "count", json_number_if(where->how, where->all) },
				    { "states", where->how ? counts(where->states) : json_null() },
				    { "settings", values },
				    { 0 },
			    })))
			return NULL;
	}
	return array;
}

static json_t *all_counts(const struct states *census)
{
	uint64_t all[STATE_COUNT];

	for (int i = 0; i < STATE_COUNT; i++)
		all[i] = census->count[i].all;
	return counts(all);
}

static int dump(json_t *root, FILE *out)
{
	if (!root)
		return -ENOMEM;
	int failed = json_dumpf(root, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	json_decref(root);
	fputc('\n', out);
	return failed || ferror(out) ? -EIO : 0;
}

int json_states(const struct states *census, const struct render_settings *settings, FILE *out)
{
	bool here = !census->from && !settings->reproducible;

	return dump(json_fields((struct json_field[]){
			    { "schema", json_text("sockaudit/1") },
			    { "kind", json_text("states") },
			    { "tool", json_fields((struct json_field[]){
					      { "version", json_text(SOCKAUDIT_VERSION) },
					      { 0 },
				      }) },
			    { "made_at", json_time(settings, census->realtime_ns) },
			    { "host", here ? json_fields((struct json_field[]){
						     { "name", json_text(census->host) },
						     { "kernel", json_text(census->kernel) },
						     { 0 },
					     })
					   : json_null() },
			    { "from", json_text(census->from) },
			    { "count", json_number(census->all) },
			    { "kernel", json_fields((struct json_field[]){
						{ "states", all_counts(census) },
						{ 0 },
					}) },
			    { "states", states_told(census) },
			    { "groups", groups_told(census, settings) },
			    { "too_many", advices_told(census, settings) },
			    { "namespaces", namespaces_told(census, settings) },
			    { "remarks", texts(census->remarks) },
			    { 0 },
		    }),
		    out);
}

static json_t *state_explained(const struct state_lore *lore, const struct settings_now *now)
{
	return json_fields((struct json_field[]){
		{ "state", json_text(lore->name) },
		{ "means", json_text(lore->means) },
		{ "waits", json_text(lore->waits) },
		{ "moves_next", json_text(lore->moves) },
		{ "segment", json_text(lore->segment) },
		{ "too_many_from", json_number(lore->too_many) },
		{ "too_many_of", json_text(lore->of_which) },
		{ "fault", json_text(lore->side) },
		{ "helps", json_text(lore->helps) },
		{ "no_help", json_text(lore->useless) },
		{ "wrong", wrong_of(lore) },
		{ "settings", settings_of(lore, now) },
		{ 0 },
	});
}

int json_explain(enum tcp_state state, const struct settings_now *now,
		 const struct render_settings *settings, FILE *out)
{
	json_t *array = json_array();

	for (const enum tcp_state *one = states_in_order; *one; one++)
		if ((!state || state == *one) &&
		    !json_append(&array, state_explained(&state_lore[*one],
							 settings->reproducible ? NULL : now)))
			break;
	return dump(json_fields((struct json_field[]){
			    { "schema", json_text("sockaudit/1") },
			    { "kind", json_text("explain") },
			    { "states", array },
			    { 0 },
		    }),
		    out);
}
