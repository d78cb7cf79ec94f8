/* SPDX-License-Identifier: MIT */
/* Frames and stacks in SARIF's terms. */
#include "render_sarif.h"

#include <string.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

char *sarif_uri(struct results *results, const char *path)
{
	static const char hex[] = "0123456789ABCDEF", plain[] = "-._~/";
	char *uri = arena_alloc(&results->text.arena, 3 * strlen(path) + 8), *to = uri;

	if (*path == '/')
		to = stpcpy(to, "file://");
	for (; *path; path++) {
		unsigned char byte = (unsigned char)*path;
		if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
		    (byte >= '0' && byte <= '9') || strchr(plain, byte)) {
			*to++ = (char)byte;
		} else {
			*to++ = '%';
			*to++ = hex[byte >> 4];
			*to++ = hex[byte & 15];
		}
	}
	return uri;
}

static json_t *artifact(struct results *results, const char *path, bool in_source)
{
	return sarif_known(json_fields((struct json_field[]){
		{ "uri", json_text(sarif_uri(results, path)) },
		{ "uriBaseId", json_text(in_source ? SARIF_ROOT : NULL) },
		{ 0 },
	}));
}

static json_t *region(unsigned line)
{
	if (!line)
		return json_null();
	return json_fields((struct json_field[]){ { "startLine", json_number(line) }, { 0 } });
}

/* A place in code without a line. */
static json_t *address(const struct frame *frame)
{
	return json_fields((struct json_field[]){
		{ "relativeAddress", json_number(frame->offset) },
		{ "kind", json_string("instruction") },
		{ 0 },
	});
}

static json_t *physical(struct results *results, const struct frame *frame)
{
	const char *file = location_in_source(results->locations, frame);
	const bool in_source = file != NULL;

	/* A relative name that isn't the source's is one of somebody else's: readers would look for
	 * it in the source. */
	if (!file && frame->file && *frame->file == '/')
		file = frame->file;
	if (file)
		return sarif_known(json_fields((struct json_field[]){
			{ "artifactLocation", artifact(results, file, in_source) },
			{ "region", region(frame->line) },
			{ 0 },
		}));
	if (!frame->module || !*frame->module)
		return json_null();
	return json_fields((struct json_field[]){
		{ "artifactLocation", artifact(results, frame->module, false) },
		{ "address", address(frame) },
		{ 0 },
	});
}

static json_t *logical(struct results *results, const struct frame *frame)
{
	json_t *array;

	if (!frame || !frame->function)
		return json_null();
	array = json_array();
	json_append(&array, json_fields((struct json_field[]){
				    { "fullyQualifiedName",
				      json_text(text_safe(&results->text, frame->function)) },
				    { "kind", json_string("function") },
				    { 0 },
			    }));
	return array;
}

json_t *sarif_frame_location(struct results *results, const struct frame *frame)
{
	return sarif_known(json_fields((struct json_field[]){
		{ "physicalLocation", physical(results, frame) },
		{ "logicalLocations", logical(results, frame) },
		{ 0 },
	}));
}

json_t *sarif_location(struct results *results, const struct location *location)
{
	json_t *place = json_fields((struct json_field[]){
		{ "artifactLocation", artifact(results, location->file, location->in_source) },
		{ "region", region(location->line) },
		{ 0 },
	});

	return sarif_known(json_fields((struct json_field[]){
		{ "physicalLocation", place },
		{ "logicalLocations", logical(results, location->frame) },
		{ 0 },
	}));
}

static json_t *stack_frame(struct results *results, const struct frame *frame)
{
	const char *module = frame->module ? last_part(frame->module) : NULL;

	return sarif_known(json_fields((struct json_field[]){
		{ "location", sarif_frame_location(results, frame) },
		{ "module", json_text(module ? text_safe(&results->text, module) : NULL) },
		{ 0 },
	}));
}

json_t *sarif_stack(struct results *results, const struct stack *stack, const char *what)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->count; i++)
		if (!json_append(&frames, stack_frame(results, &stack->frames[i])))
			break;
	return json_fields((struct json_field[]){
		{ "message", sarif_message(results, what) },
		{ "frames", frames },
		{ 0 },
	});
}
