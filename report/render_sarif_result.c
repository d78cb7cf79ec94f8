/* SPDX-License-Identifier: MIT */
/* One finding as a result of SARIF: a sentence with links, its place, the other places, the stacks.
 */
#include "render_sarif.h"

#include "text_finding.h"
#include "text_site.h"

#include <string.h>

#define SIBLINGS_SHOWN 8
#define PLACE_COLUMNS  80

static const char *const statuses[] = {
	[STATUS_NEW] = "new",
	[STATUS_KNOWN] = "known",
	[STATUS_SUPPRESSED] = "suppressed",
};

/* A result while it is made: places are told in the message, linked, and shown with their stacks.
 */
struct telling {
	struct results *results;
	const struct finding *finding;
	struct location location;
	json_t *related, *stacks;
	json_int_t last_id;
	char *message;
	bool with_stacks;
};

/* The link to a place, which is shown as a related location. "" when nobody knows it. */
static char *place_link(struct telling *telling, const struct place *place, const char *what)
{
	struct results *results = telling->results;
	struct text *text = &results->text;
	const struct frame *frame = result_place(results, place);
	json_t *location = frame ? sarif_frame_location(results, frame) : NULL;

	if (!location)
		return "";
	char *name = sarif_plain(results, text_site_path(text, frame, PLACE_COLUMNS));
	json_int_t id = ++telling->last_id;
	json_object_set_new(location, "id", json_integer(id));
	json_object_set_new(location, "message", sarif_message(results, what));
	json_append(&telling->related, location);
	return text_make(text, " at [%s](%d)", name, (int)id);
}

static void tell(struct telling *telling, const char *words)
{
	telling->message = text_make(&telling->results->text, "%s%s", telling->message, words);
}

/* " Opened by accept4() at [x.c:5 f()](1)." */
static void place_tell(struct telling *telling, const struct place *place, const char *label,
		       const char *what)
{
	struct results *results = telling->results;
	struct text *text = &results->text;

	if (!place->call)
		return;
	char *words = text_make(text, "%s %s", label, what);
	char *link = place_link(telling, place, words);
	tell(telling, text_make(text, " %s%s.", sarif_plain(results, words), link));
	if (telling->with_stacks && place->stack && place->stack->count)
		json_append(&telling->stacks, sarif_stack(results, place->stack, words));
}

static void siblings_tell(struct telling *telling)
{
	const struct finding *finding = telling->finding;
	struct text *text = &telling->results->text;

	for (size_t i = 0; i < finding->sibling_count && i < SIBLINGS_SHOWN; i++) {
		const struct sibling *sibling = &finding->siblings[i];
		char *words = text_make(text, "%s opened here %s closed",
					text_count(text, sibling->count, "other", "others"),
					sibling->count == 1 ? "was" : "were");
		tell(telling, text_make(text, " %s%s.", words,
					place_link(telling, &sibling->closed, words)));
	}
}

static void all_tell(struct telling *telling)
{
	const struct finding *finding = telling->finding;
	struct results *results = telling->results;
	struct text *text = &results->text;
	const char *cause = text->settings->reproducible ? finding->cause_timeless : finding->cause;

	tell(telling, text_make(text, "%s.", sarif_plain(results, result_title(results, finding))));
	place_tell(telling, &finding->evidence, "Evidence:",
		   finding->evidence.call ? text_outcome(text, finding, &finding->evidence) : "");
	if (!finding->evidence.call && finding->told.call)
		place_tell(telling, &finding->told, "Told of by",
			   text_call(text, finding->told.call));
	place_tell(telling, &finding->closed, "Closed by",
		   finding->closed.call ? text_call(text, finding->closed.call) : "");
	place_tell(telling, &finding->fork, "Child made by",
		   finding->fork.call ? text_call(text, finding->fork.call) : "");
	place_tell(telling, &finding->served, "Child made by",
		   finding->served.call ? text_call(text, finding->served.call) : "");
	place_tell(telling, &finding->opened, "Opened by",
		   finding->opened.call ? text_call(text, finding->opened.call) : "");
	place_tell(telling, &finding->connected, "Connected by",
		   finding->connected.call ? text_outcome(text, finding, &finding->connected) : "");
	siblings_tell(telling);
	if (finding->last_call)
		tell(telling, text_make(text, " Last use: %s.",
					sarif_plain(results, text_call(text, finding->last_call))));
	if (cause)
		tell(telling,
		     text_make(text, " Cause: %s.", sarif_plain(results, text_safe(text, cause))));
}

static json_t *suppressions(struct results *results, const struct finding *finding)
{
	json_t *array;

	if (finding->status != STATUS_SUPPRESSED)
		return json_null();
	array = json_array();
	json_append(&array,
		    sarif_known(json_fields((struct json_field[]){
			    { "kind", json_string("external") },
			    { "status", json_string("accepted") },
			    { "justification",
			      json_text(finding->suppressed_by
						? text_safe(&results->text, finding->suppressed_by)
						: NULL) },
			    { 0 },
		    })));
	return array;
}

static json_t *properties(struct results *results, const struct finding *finding)
{
	const char class[] = { finding->class, '\0' };
	json_t *facts = json_object();

	for (size_t i = 0; facts && i < finding->fact_count; i++) {
		const struct fact *fact = &finding->facts[i];
		json_object_set_new(facts, fact->key,
				    fact->text ? json_text(text_safe(&results->text, fact->text))
					       : json_number(fact->value));
	}
	return sarif_known(json_fields((struct json_field[]){
		{ "count", json_number(finding->count) },
		{ "status", json_string(statuses[finding->status]) },
		{ "gating", json_boolean(finding->gating) },
		{ "stable", json_boolean(finding->stable) },
		{ "class", json_text(finding->class ? class : NULL) },
		{ "facts", facts },
		{ 0 },
	}));
}

/* GitHub knows results by primaryLocationLineHash, and makes one of the line's text where there is
 * none; ours survives what changes that. */
static json_t *fingerprints(struct results *results, const struct finding *finding,
			    const char *fingerprint)
{
	const char *plain =
		*finding->fingerprint ? finding->fingerprint : rules[finding->rule].name;
	const char *number = fingerprint + strlen(plain);

	return json_fields((struct json_field[]){
		{ "sockaudit/v1", json_text(fingerprint) },
		{ "primaryLocationLineHash",
		  json_text(text_make(&results->text, "%s:%s", plain,
				      *number == '-' ? number + 1 : "1")) },
		{ 0 },
	});
}

json_t *sarif_result(struct results *results, const struct finding *finding,
		     const char *fingerprint, bool with_baseline, bool with_stacks)
{
	struct telling telling = {
		.results = results,
		.finding = finding,
		.location = location_of(results->locations, results->text.report, finding),
		.related = json_array(),
		.stacks = json_array(),
		.with_stacks = with_stacks,
		.message = "",
	};
	json_t *locations = json_array();

	all_tell(&telling);
	json_append(&locations, sarif_location(results, &telling.location));
	const char *baseline = finding->status == STATUS_KNOWN ? "unchanged" : "new";
	return sarif_known(json_fields((struct json_field[]){
		{ "ruleId", json_text(rules[finding->rule].name) },
		{ "ruleIndex", json_number(finding->rule) },
		{ "level", json_text(sarif_level(rules[finding->rule].severity)) },
		{ "message", json_fields((struct json_field[]){
				     { "text", json_text(telling.message) },
				     { 0 },
			     }) },
		{ "locations", locations },
		{ "relatedLocations", telling.related },
		{ "stacks", telling.stacks },
		{ "partialFingerprints", fingerprints(results, finding, fingerprint) },
		{ "occurrenceCount", json_number_if(finding->count, finding->count) },
		{ "baselineState", json_text(with_baseline ? baseline : NULL) },
		{ "suppressions", suppressions(results, finding) },
		{ "properties", properties(results, finding) },
		{ 0 },
	}));
}
