/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const diff_names[DIFF_KINDS] = {
	[DIFF_NEW] = "new",	[DIFF_FIXED] = "fixed", [DIFF_MORE] = "more",
	[DIFF_FEWER] = "fewer", [DIFF_SAME] = "same",
};

/* One with the same fingerprint is the same, whichever way it was reached. */
static void finding_add(struct arena *arena, struct diff_side *side,
			const struct diff_finding *finding)
{
	for (size_t i = 0; i < side->count; i++) {
		if (!strcmp(side->findings[i].fingerprint, finding->fingerprint)) {
			side->findings[i].count += finding->count;
			return;
		}
	}
	side->findings = arena_more(arena, side->findings, side->count, &side->room,
				    sizeof(*side->findings));
	side->findings[side->count++] = *finding;
}

static const char *site_text(struct arena *arena, const char *function, const char *file,
			     uint64_t line, const char *module)
{
	const char *path = file ? file : module ? module : "?", *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (file && line)
		name = arena_printf(arena, "%s:%llu", name, (unsigned long long)line);
	return function ? arena_printf(arena, "%s %s()", name, function) : name;
}

static bool counts_calls(const char *rule)
{
	return !strcmp(rule, "double-close") || !strcmp(rule, "use-after-close");
}

static const char *member_text(struct arena *arena, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_copy(arena, text) : NULL;
}

int diff_side_of_json(struct arena *arena, const char *path, struct diff_side *side,
		      const char **trouble)
{
	json_error_t where;
	json_t *root = json_load_file(path, 0, &where), *value;
	const char *schema = json_string_value(json_object_get(root, "schema"));
	size_t i;

	side->name = path;
	if (!root || !schema || strcmp(schema, "sockaudit/1")) {
		*trouble = root ? arena_printf(arena,
					       "'%s' is no report of sockaudit: its schema is not "
					       "sockaudit/1",
					       path)
				: arena_printf(arena, "cannot read the report '%s': %s", path,
					       where.text);
		json_decref(root);
		return -EINVAL;
	}
	json_array_foreach(json_object_get(root, "findings"), i, value)
	{
		const json_t *site = json_object_get(value, "site");
		struct diff_finding finding = {
			.fingerprint = member_text(arena, value, "fingerprint"),
			.rule = member_text(arena, value, "rule"),
			.count = (uint64_t)json_integer_value(json_object_get(value, "count")),
		};
		const char *status = json_string_value(json_object_get(value, "status"));
		if (!finding.fingerprint || !finding.rule ||
		    (status && !strcmp(status, "suppressed")))
			continue;
		finding.site =
			site_text(arena, member_text(arena, site, "function"),
				  member_text(arena, site, "file"),
				  (uint64_t)json_integer_value(json_object_get(site, "line")),
				  member_text(arena, site, "module"));
		finding.calls = counts_calls(finding.rule);
		finding_add(arena, side, &finding);
	}
	json_decref(root);
	return 0;
}

void diff_side_of_report(struct arena *arena, const struct report *report, struct diff_side *side)
{
	static const struct frame none;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *from = &report->findings[i];
		const struct frame *site = finding_site(from);
		if (from->status == STATUS_SUPPRESSED)
			continue;
		site = site ? site : &none;
		struct diff_finding finding = {
			.fingerprint = arena_copy(arena, from->fingerprint),
			.rule = rules[from->rule].name,
			.site = site_text(arena, site->function, site->file, site->line,
					  site->module),
			.calls = counts_calls(rules[from->rule].name),
			.count = from->count,
		};
		finding.site = arena_copy(arena, finding.site);
		finding_add(arena, side, &finding);
	}
}

static const struct diff_finding *side_find(const struct diff_side *side, const char *fingerprint)
{
	for (size_t i = 0; i < side->count; i++)
		if (!strcmp(side->findings[i].fingerprint, fingerprint))
			return &side->findings[i];
	return NULL;
}

static int row_compare(const void *a, const void *b)
{
	const struct diff_row *left = a, *right = b;
	int order = (int)left->kind - (int)right->kind;

	if (!order)
		order = strcmp(left->finding.rule, right->finding.rule);
	if (!order)
		order = strcmp(left->finding.site, right->finding.site);
	return order ? order : strcmp(left->finding.fingerprint, right->finding.fingerprint);
}

struct diff_row *diff_make(struct arena *arena, const struct diff_side *before,
			   const struct diff_side *after, size_t *count)
{
	struct diff_row *rows = arena_array(arena, before->count + after->count + 1, sizeof(*rows));

	*count = 0;
	for (size_t i = 0; i < after->count; i++) {
		const struct diff_finding *now = &after->findings[i];
		const struct diff_finding *then = side_find(before, now->fingerprint);
		struct diff_row row = { .finding = *now,
					.before = then ? then->count : 0,
					.after = now->count };
		row.kind = !then		    ? DIFF_NEW
			   : row.after > row.before ? DIFF_MORE
			   : row.after < row.before ? DIFF_FEWER
						    : DIFF_SAME;
		rows[(*count)++] = row;
	}
	for (size_t i = 0; i < before->count; i++)
		if (!side_find(after, before->findings[i].fingerprint))
			rows[(*count)++] = (struct diff_row){ .kind = DIFF_FIXED,
							      .finding = before->findings[i],
							      .before = before->findings[i].count };
	if (*count)
		qsort(rows, *count, sizeof(*rows), row_compare);
	return rows;
}
