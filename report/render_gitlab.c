/* SPDX-License-Identifier: MIT */
/* GitLab's code quality report: an array of issues, which GitLab compares with the target branch's
 * by their fingerprints. Suppressed findings are none. */
#include "json_values.h"
#include "render_formats.h"
#include "render_result.h"

static const char *const severities[] = {
	[SEVERITY_NOTE] = "info",
	[SEVERITY_WARNING] = "minor",
	[SEVERITY_ERROR] = "major",
};

static json_t *issue(struct results *results, const struct finding *finding,
		     const char *fingerprint)
{
	struct text *text = &results->text;
	struct location location = location_of(results->locations, text->report, finding);
	const struct rule *rule = &rules[finding->rule];

	return json_fields((struct json_field[]){
		{ "type", json_string("issue") },
		{ "check_name", json_text(rule->name) },
		{ "description", json_text(result_title(results, finding)) },
		{ "content", json_fields((struct json_field[]){
				     { "body", json_text(result_story(results, finding)) },
				     { 0 },
			     }) },
		{ "categories", json_pack("[s]", "Bug Risk") },
		{ "fingerprint", json_text(fingerprint) },
		{ "severity", json_string(severities[rule->severity]) },
		{ "location", json_fields((struct json_field[]){
				      { "path", json_text(location.file) },
				      { "lines", json_fields((struct json_field[]){
							 { "begin", json_number(location.line) },
							 { 0 },
						 }) },
				      { 0 },
			      }) },
		{ 0 },
	});
}

int render_gitlab(const struct report *report, const struct render_settings *settings, FILE *out)
{
	struct results results;
	int error = results_open(&results, report, settings, out);
	json_t *array = json_array();

	if (!error) {
		const char **fingerprints = result_fingerprints(&results);
		for (size_t i = 0; i < report->finding_count && array; i++)
			if (report->findings[i].status != STATUS_SUPPRESSED)
				json_append(&array,
					    issue(&results, &report->findings[i], fingerprints[i]));
		error = json_print(array, out);
	}
	json_decref(array);
	results_close(&results);
	return error;
}
