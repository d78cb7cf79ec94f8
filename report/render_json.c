/* SPDX-License-Identifier: MIT */
/* The report for programs, schema sockaudit/1. ASCII only, since it may end up on a terminal. */
#include "json_values.h"
#include "render_formats.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Some milliseconds' worth, and a megabyte or some. */
#define PORTION		256
#define PORTION_SOCKETS 512

#ifndef SOCKAUDIT_VERSION
#define SOCKAUDIT_VERSION "1.0.0"
#endif

static const char *const states[] = {
	[PROCESS_RUNNING] = "running", [PROCESS_EXITED] = "exited", [PROCESS_KILLED] = "killed",
	[PROCESS_EXEC] = "exec",       [PROCESS_UNSEEN] = NULL, /* running or killed */
};

/* Puts `value`, which is taken over; false, and *object released and NULL, when memory is out. */
static bool put(json_t **object, const char *key, json_t *value)
{
	if (*object && !json_object_set_new(*object, key, value))
		return true;
	if (!*object)
		json_decref(value);
	json_decref(*object);
	*object = NULL;
	return false;
}

static json_t *exit_status(const struct process *process)
{
	bool signalled = process->exit_known && process->exit_signal;
	bool exited = process->exit_known && !process->exit_signal;
	return json_fields((struct json_field[]){
		{ "code", exited ? json_integer(process->exit_code) : json_null() },
		{ "signal", signalled ? json_integer(process->exit_signal) : json_null() },
		{ 0 },
	});
}

static json_t *lost(const struct process *process)
{
	json_t *all = json_object();
	for (size_t i = 0; i < process->lost_kinds; i++) {
		if (!put(&all, process->lost[i].what, json_number(process->lost[i].count)))
			return NULL;
	}
	return json_fields((struct json_field[]){
		{ "slots", json_number_if(process->audited, process->lost_slots) },
		{ "stacks", json_number_if(process->audited, process->lost_stacks) },
		{ "all", all },
		{ 0 },
	});
}

static json_t *socket_counts(const struct process *process)
{
	bool known = process->audited;
	return json_fields((struct json_field[]){
		{ "opened", json_number_if(known, process->opened) },
		{ "closed", json_number_if(known, process->closed) },
		{ "open", json_number_if(known, process->open) },
		{ "drift", json_number_if(known, process->drift) },
		{ "copied", json_number_if(known, process->copied) },
		{ "inherited", json_number_if(known, process->inherited) },
		{ "received", json_number_if(known, process->received) },
		{ "adopted", json_number_if(known, process->adopted) },
		{ 0 },
	});
}

static json_t *drift_by(const struct process *process)
{
	json_t *all = json_object();
	for (size_t i = 0; i < process->drift_kinds; i++) {
		if (!put(&all, process->drift_by[i].reason,
			 json_number(process->drift_by[i].count)))
			return NULL;
	}
	return all;
}

/* Known while it runs: nobody samples these at the end. */
static json_t *unix_ended(const struct process *process)
{
	bool known = process->coverage_known && process->unix_known;
	return json_fields((struct json_field[]){
		{ "kernel", json_number_if(known, process->unix_ended) },
		{ "found", json_number_if(known, process->unix_ended_found) },
		{ "grace", json_number_if(known, process->unix_ended_grace) },
		{ 0 },
	});
}

static json_t *coverage(const struct process *process)
{
	bool known = process->coverage_known;
	json_t *unexplained = json_object();
	for (size_t i = 0; known && i < process->unexplained_count; i++) {
		const struct unexplained *rest = &process->unexplained[i];
		if (!put(&unexplained, rest->reason, json_number(rest->count)))
			return NULL;
	}
	return json_fields((struct json_field[]){
		{ "kernel", json_number_if(known, process->kernel) },
		{ "explained", json_number_if(known, process->explained) },
		{ "unexplained", unexplained },
		{ "close_wait",
		  json_fields((struct json_field[]){
			  { "kernel", json_number_if(known, process->close_wait) },
			  { "found", json_number_if(known, process->close_wait_found) },
			  { "grace", json_number_if(known, process->close_wait_grace) },
			  { "unexplained", json_number_if(known, process->close_wait_unexplained) },
			  { "unexplained_by",
			    json_reasons(process->close_wait_by, process->close_wait_kinds) },
			  { 0 },
		  }) },
		{ "unix_ended", unix_ended(process) },
		{ 0 },
	});
}

static json_t *endings(const struct process *process)
{
	const struct process_endings *endings = &process->endings;
	if (!process->audited)
		return json_null();
	return json_fields((struct json_field[]){
		{ "closed_first", json_number(endings->first) },
		{ "closed_by_peer", json_number(endings->by_peer) },
		{ "reset_unread", json_number(endings->reset_unread) },
		{ "reset_unread_at", json_place(&endings->unread_at) },
		{ "reset_linger", json_number(endings->reset_linger) },
		{ "dead", json_number(endings->dead) },
		{ "unknown", json_number(endings->unknown) },
		{ 0 },
	});
}

static json_t *process_value(const struct process *process, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "pid", json_passing(settings, true, process->pid) },
		{ "ppid", json_passing(settings, true, process->ppid) },
		{ "uid", json_number(process->uid) },
		{ "comm", json_text(process->comm) },
		{ "exe", json_text(process->exe) },
		{ "state", json_text(states[process->state]) },
		{ "started_at", json_time(settings, process->started_realtime_ns) },
		{ "ended_at", json_time(settings, process->ended_realtime_ns) },
		{ "exit", exit_status(process) },
		{ "net_ns", json_passing(settings, process->net_ns, process->net_ns) },
		{ "audited", json_boolean(process->audited) },
		{ "reason", json_text(process->reason) },
		{ "nofile",
		  json_fields((struct json_field[]){
			  { "limit", json_number_if(process->nofile_limit, process->nofile_limit) },
			  { "used",
			    json_number_if(process->nofile_used_known, process->nofile_used) },
			  { 0 },
		  }) },
		{ "lost", lost(process) },
		{ "sockets", socket_counts(process) },
		{ "drift_by", drift_by(process) },
		{ "coverage", coverage(process) },
		{ "states", process->audited || !process->coverage_known
				    ? json_null()
				    : json_unaudited_states(process) },
		{ "unaudited_sockets", json_unaudited_sockets(process, settings) },
		{ "endings", endings(process) },
		{ 0 },
	});
}

static json_t *processes(const struct report *report, const struct render_settings *settings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->process_count; i++) {
		if (!json_append(&array, process_value(&report->processes[i], settings)))
			return NULL;
	}
	return array;
}

static json_t *host(const struct report *report, const struct render_settings *settings)
{
	bool shown = !settings->reproducible;
	return json_fields((struct json_field[]){
		{ "name", json_text(shown ? report->host : NULL) },
		{ "boot_id", json_text(shown ? report->boot_id : NULL) },
		{ "kernel", json_text(shown ? report->kernel : NULL) },
		{ "arch", json_text(shown ? report->arch : NULL) },
		{ 0 },
	});
}

static json_t *time_wait(const struct time_wait_sum *sum, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "kernel", json_passing(settings, sum->known, sum->kernel) },
		{ "explained", json_passing(settings, sum->known, sum->explained) },
		{ "unexplained", json_passing(settings, sum->known, sum->unexplained) },
		{ 0 },
	});
}

static json_t *states_value(const uint64_t states_counted[TCP_STATE_COUNT], bool known)
{
	json_t *counts = json_object();
	for (size_t i = 1; i < TCP_STATE_COUNT; i++) {
		if (tcp_state_names[i] &&
		    !put(&counts, tcp_state_names[i], json_number_if(known, states_counted[i])))
			return NULL;
	}
	return counts;
}

/* It differs from run to run. */
static json_t *timeline(const struct report *report, const struct render_settings *settings)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->timeline_count && !settings->reproducible; i++) {
		const struct timeline_row *row = &report->timeline[i];
		json_t *value = json_fields((struct json_field[]){
			{ "at", json_time(settings, row->realtime_ns) },
			{ "processes", json_number(row->processes) },
			{ "sockets", json_number(row->sockets) },
			{ "states", states_value(row->states, true) },
			{ 0 },
		});
		if (!json_append(&array, value))
			return NULL;
	}
	return array;
}

static json_t *kernel(const struct report *report, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "states", states_value(report->states, report->states_known) },
		{ "namespaces", json_namespaces(report, settings) },
		{ "time_wait", time_wait(&report->time_wait, settings) },
		{ 0 },
	});
}

static json_t *texts(const char *const *list)
{
	json_t *array = json_array();
	for (; list && *list; list++) {
		if (!json_append(&array, json_text(*list)))
			return NULL;
	}
	return array;
}

static json_t *suppressions(const struct report *report)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->suppression_count; i++) {
		const struct suppression_use *use = &report->suppressions[i];
		json_t *value = json_fields((struct json_field[]){
			{ "line", json_text(use->line) },
			{ "used", json_number(use->used) },
			{ "sockets", json_number(use->sockets) },
			{ 0 },
		});
		if (!json_append(&array, value))
			return NULL;
	}
	return array;
}

/* Of the baseline's lines: fingerprint, rule and site. */
static json_t *fixed(const struct report *report)
{
	json_t *array = json_array();
	for (size_t i = 0; i < report->fixed_count; i++) {
		if (!json_append(&array, json_text(report->fixed[i])))
			return NULL;
	}
	return array;
}

static json_t *report_value(const struct report *report, const struct render_settings *settings)
{
	return json_fields((struct json_field[]){
		{ "schema", json_string("sockaudit/1") },
		{ "tool", json_fields((struct json_field[]){
				  { "version", json_string(SOCKAUDIT_VERSION) },
				  { 0 },
			  }) },
		{ "made_at", json_time(settings, report->made_at_realtime_ns) },
		{ "view", json_string(report->live ? "live" : "ended") },
		{ "host", host(report, settings) },
		{ "grace_ms", json_number(report->grace_ms) },
		{ "gate", texts((const char *const *)report->gate) },
		{ "suppressions", suppressions(report) },
		{ "fixed", fixed(report) },
		{ "timeline", timeline(report, settings) },
		{ "processes", processes(report, settings) },
		{ "kernel", kernel(report, settings) },
		{ "summary", json_fields((struct json_field[]){
				     { "findings", json_number(report->finding_count) },
				     { "sockets", json_number(report->sockets_in_findings) },
				     { "gating", json_number(report->gating) },
				     { 0 },
			     }) },
		{ "findings", json_array() }, /* printed one by one */
		{ "remarks", texts((const char *const *)report->remarks) },
		{ 0 },
	});
}

static json_t *finding_at(const struct report *report, const struct render_settings *settings,
			  size_t i)
{
	return json_finding(&report->findings[i], settings);
}

static json_t *socket_at(const struct report *report, const struct render_settings *settings,
			 size_t i)
{
	return json_listed_socket(&report->sockets[i], settings);
}

/* A finding has all of its sockets. */
static size_t sockets_of_finding(const struct report *report, size_t i)
{
	return report->findings[i].socket_count;
}

static size_t sockets_of_socket(const struct report *report, size_t i)
{
	(void)report;
	(void)i;
	return 1;
}

typedef json_t *element_at(const struct report *report, const struct render_settings *settings,
			   size_t i);
typedef size_t element_sockets(const struct report *report, size_t i);

/* Some elements of a long list. */
struct portion {
	const struct report *report;
	const struct render_settings *settings;
	element_at *element;
	size_t from, to;
	char *text; /* of one that is written ahead */
	size_t size;
	int error;
};

/* An element at a time: a value of all of a million sockets would take more memory than all that is
 * known of them. */
static int portion_print(const struct portion *portion, FILE *out)
{
	int error = 0;

	for (size_t i = portion->from; i < portion->to && !error; i++) {
		json_t *value = portion->element(portion->report, portion->settings, i);
		fputs(i ? ",\n    " : "[\n    ", out);
		error = json_print_at(value, 4, out);
		json_decref(value);
	}
	return error;
}

static void *portion_write_ahead(void *data)
{
	struct portion *portion = data;
	FILE *out = open_memstream(&portion->text, &portion->size);

	/* Memory is all that it can lack. */
	portion->error = out && !portion_print(portion, out) ? 0 : -ENOMEM;
	if (out && fclose(out))
		portion->error = -ENOMEM;
	return NULL;
}

/* Two portions: the second is written into memory meanwhile. */
static int portions_print(const struct portion *first, struct portion *second, FILE *out)
{
	pthread_t thread;

	if (second->from == second->to ||
	    pthread_create(&thread, NULL, portion_write_ahead, second)) {
		int error = portion_print(first, out);
		return error ? error : portion_print(second, out);
	}
	int error = portion_print(first, out);
	pthread_join(thread, NULL);
	if (!error && !second->error)
		fwrite(second->text, 1, second->size, out);
	free(second->text);
	return error ? error : second->error;
}

static size_t portion_end(const struct report *report, element_sockets *sockets, size_t from,
			  size_t count)
{
	size_t to = from;

	for (size_t sum = 0; to < count && to < from + PORTION; to++) {
		sum += sockets(report, to);
		if (sum > PORTION_SOCKETS)
			break;
	}
	return to;
}

static int elements_print(const struct report *report, const struct render_settings *settings,
			  element_at *element, element_sockets *sockets, size_t count, FILE *out)
{
	int error = 0;

	for (size_t from = 0, next; from < count && !error; from = next) {
		struct portion first = { .report = report,
					 .settings = settings,
					 .element = element };
		struct portion second = first;
		first.from = from;
		/* One that is too large to be kept in memory is written by itself. */
		first.to = portion_end(report, sockets, from, count);
		first.to += first.to == from;
		second.from = first.to;
		second.to = next = portion_end(report, sockets, second.from, count);
		error = portions_print(&first, &second, out);
	}
	fputs(count ? "\n  ]" : "[]", out);
	return error;
}

int render_json(const struct report *report, const struct render_settings *settings, FILE *out)
{
	json_t *value = report_value(report, settings), *field;
	const char *key, *separator = "{\n  ";
	int error = 0;

	if (report->sockets_listed)
		put(&value, "sockets", json_array());
	if (!value)
		return -ENOMEM;
	json_object_foreach(value, key, field)
	{
		fprintf(out, "%s\"%s\": ", separator, key);
		separator = ",\n  ";
		if (!strcmp(key, "findings"))
			error = elements_print(report, settings, finding_at, sockets_of_finding,
					       report->finding_count, out);
		else if (!strcmp(key, "sockets"))
			error = elements_print(report, settings, socket_at, sockets_of_socket,
					       report->socket_count, out);
		else
			error = json_print_at(field, 2, out);
		if (error)
			break;
	}
	json_decref(value);
	if (!error && fputs("\n}\n", out) == EOF)
		error = -EIO;
	return error;
}
