/* SPDX-License-Identifier: MIT */
/*
 * SARIF 2.1.0, for code scanning (GitHub, Azure) and editors. ASCII only. GitHub refuses a file
 * with more than 25,000 results or a result without a location, and shows a message up to its first
 * sentence, relatedLocations, and the rule's help.
 */
#include "render_sarif.h"
#include "render_formats.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define SCHEMA	     "https://json.schemastore.org/sarif-2.1.0.json"
#define RESULTS_MOST 25000
#define STACKS_MOST  1000 /* results: ten thousand whole stacks are more than the 10 MB it takes */

#ifndef SOCKAUDIT_VERSION
#define SOCKAUDIT_VERSION "1.0.0"
#endif

json_t *sarif_known(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value)
	{
		if (json_is_null(value) ||
		    (json_is_array(value) && !json_array_size(value) && strcmp(key, "results")))
			json_object_del(object, key);
	}
	return object;
}

char *sarif_plain(struct results *results, const char *words)
{
	char *made = arena_alloc(&results->text.arena, 2 * strlen(words) + 1), *to = made;

	for (; *words; words++) {
		if (strchr("[]\\", *words))
			*to++ = '\\';
		*to++ = *words;
	}
	return made;
}

json_t *sarif_message(struct results *results, const char *words)
{
	return json_fields((struct json_field[]){
		{ "text", json_text(sarif_plain(results, words)) },
		{ 0 },
	});
}

const char *sarif_level(enum severity severity)
{
	static const char *const levels[] = {
		[SEVERITY_NOTE] = "note",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};
	return levels[severity];
}

static json_t *words(const char *text)
{
	return json_fields((struct json_field[]){ { "text", json_text(text) }, { 0 } });
}

/* "eof-not-closed" as "EofNotClosed". */
static char *pascal_case(struct results *results, const char *name)
{
	char *made = arena_alloc(&results->text.arena, strlen(name) + 1), *to = made;
	bool first = true;

	for (; *name; name++) {
		if (*name != '-')
			*to++ = first ? (char)toupper((unsigned char)*name) : *name;
		first = *name == '-';
	}
	return made;
}

static json_t *tags(void)
{
	json_t *array = json_array();

	json_append(&array, json_string("sockets"));
	json_append(&array, json_string("resource-leak"));
	return array;
}

static json_t *rule_value(struct results *results, const struct rule *rule)
{
	static const char *const problems[] = {
		[SEVERITY_NOTE] = "recommendation",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_ERROR] = "error",
	};
	struct text *text = &results->text;

	return json_fields((struct json_field[]){
		{ "id", json_text(rule->name) },
		{ "name", json_text(pascal_case(results, rule->name)) },
		{ "shortDescription", words(rule->line) },
		{ "fullDescription", words(text_make(text, "%s. %s", rule->line, rule->help)) },
		{ "help",
		  json_fields((struct json_field[]){
			  { "text", json_text(rule->help) },
			  { "markdown", json_text(text_make(text, "**%s**: %s\n\n%s", rule->name,
							    rule->line, rule->help)) },
			  { 0 },
		  }) },
		{ "defaultConfiguration",
		  json_fields((struct json_field[]){
			  { "level", json_string(sarif_level(rule->severity)) },
			  { 0 },
		  }) },
		{ "properties",
		  json_fields((struct json_field[]){
			  { "tags", tags() },
			  { "precision", json_string("very-high") },
			  { "problem.severity", json_string(problems[rule->severity]) },
			  { 0 },
		  }) },
		{ 0 },
	});
}

static json_t *tool(struct results *results)
{
	json_t *array = json_array();

	for (int i = 0; i < RULE_COUNT; i++)
		if (!json_append(&array, rule_value(results, &rules[i])))
			break;
	return json_fields((struct json_field[]){
		{ "driver", json_fields((struct json_field[]){
				    { "name", json_string("sockaudit") },
				    { "version", json_string(SOCKAUDIT_VERSION) },
				    { "semanticVersion", json_string(SOCKAUDIT_VERSION) },
				    { "rules", array },
				    { 0 },
			    }) },
		{ 0 },
	});
}

static void notify(struct results *results, json_t **array, const char *level, const char *message)
{
	json_append(array, json_fields((struct json_field[]){
				   { "level", json_string(level) },
				   { "message", sarif_message(results, message) },
				   { 0 },
			   }));
}

/* What could not be learnt: never silence. */
static json_t *notifications(struct results *results)
{
	const struct report *report = results->text.report;
	struct text *text = &results->text;
	json_t *array = json_array();

	for (size_t i = 0; i < report->process_count; i++) {
		const struct process *process = &report->processes[i];
		if (process->audited)
			continue;
		notify(results, &array, "warning",
		       text_make(text, "%s was not audited: %s", text_safe(text, process->comm),
				 process->reason ? text_safe(text, process->reason)
						 : "reason unknown"));
	}
	for (const char **remark = report->remarks; remark && *remark; remark++)
		notify(results, &array, "note", text_safe(text, *remark));
	if (report->finding_count > RESULTS_MOST)
		notify(results, &array, "warning",
		       text_make(text, "%s left out: GitHub takes no more than %s",
				 text_count(text, report->finding_count - RESULTS_MOST,
					    "finding was", "findings were"),
				 text_number(text, RESULTS_MOST)));
	if (report->finding_count > STACKS_MOST)
		notify(results, &array, "note",
		       text_make(text,
				 "results beyond the first %s have their places, but no stacks",
				 text_number(text, STACKS_MOST)));
	return array;
}

static json_t *invocations(struct results *results)
{
	const struct report *report = results->text.report;
	json_t *array = json_array();

	json_append(
		&array,
		sarif_known(json_fields((struct json_field[]){
			{ "executionSuccessful", json_boolean(!results_nothing_audited(report)) },
			{ "exitCode", json_integer(report->exit_status) },
			{ "endTimeUtc",
			  json_time(results->text.settings, report->made_at_realtime_ns) },
			{ "toolExecutionNotifications", notifications(results) },
			{ 0 },
		})));
	return array;
}

/* Where the results' files are; of several roots, and of what must not be told, nowhere. */
static json_t *bases(struct results *results)
{
	const struct render_settings *settings = results->text.settings;
	char **roots = results->text.roots.paths;
	bool told = !settings->reproducible && !settings->redacted && roots[0] && !roots[1];
	char *uri = told ? sarif_uri(results, roots[0]) : NULL;
	json_t *base = sarif_known(json_fields((struct json_field[]){
		{ "uri",
		  json_text(uri ? text_make(&results->text, "%s%s", uri, roots[0][1] ? "/" : "")
				: NULL) },
		{ "description", words("the top of the source: see --source-root") },
		{ 0 },
	}));

	return json_fields((struct json_field[]){ { SARIF_ROOT, base }, { 0 } });
}

static json_t *results_value(struct results *results)
{
	const struct report *report = results->text.report;
	const char **fingerprints = result_fingerprints(results);
	json_t *array = json_array();
	bool with_baseline = false;

	for (size_t i = 0; i < report->finding_count; i++)
		with_baseline |= report->findings[i].status == STATUS_KNOWN;
	/* The model's order has the errors first. */
	for (size_t i = 0; i < report->finding_count && i < RESULTS_MOST; i++)
		if (!json_append(&array,
				 sarif_result(results, &report->findings[i], fingerprints[i],
					      with_baseline, i < STACKS_MOST)))
			break;
	return array;
}

static json_t *run(struct results *results)
{
	return json_fields((struct json_field[]){
		{ "tool", tool(results) },
		{ "invocations", invocations(results) },
		{ "originalUriBaseIds", bases(results) },
		{ "columnKind", json_string("utf16CodeUnits") },
		{ "results", results_value(results) },
		{ 0 },
	});
}

int render_sarif(const struct report *report, const struct render_settings *settings, FILE *out)
{
	struct results results;
	int error = results_open(&results, report, settings, out);
	json_t *runs = json_array(), *log = NULL;

	if (!error && json_append(&runs, run(&results)))
		log = json_fields((struct json_field[]){
			{ "$schema", json_string(SCHEMA) },
			{ "version", json_string("2.1.0") },
			{ "runs", runs },
			{ 0 },
		});
	else
		json_decref(runs);
	if (!error)
		error = json_print(log, out);
	json_decref(log);
	results_close(&results);
	return error;
}
