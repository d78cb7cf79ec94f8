/* SPDX-License-Identifier: MIT */
/* The model's pieces as JSON values. */
#include "json_values.h"
#include "escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

json_t *json_fields(const struct json_field *fields)
{
	json_t *object = json_object();
	for (const struct json_field *field = fields; field->key; field++) {
		/* Not checked: they are our own words. */
		if (object && !json_object_set_new_nocheck(object, field->key, field->value))
			continue;
		/* json_object_set_new has released the value; without an object it is ours. */
		if (!object)
			json_decref(field->value);
		json_decref(object);
		object = NULL;
	}
	return object;
}

json_t *json_text(const char *text)
{
	if (!text)
		return json_null();
	char *clean = escape_utf8(text);
	json_t *value = clean ? json_string_nocheck(clean) : NULL;
	free(clean);
	return value;
}

/* jansson's integers are signed: what doesn't fit is nothing that we could have measured. */
json_t *json_number(uint64_t number)
{
	return number <= INT64_MAX ? json_integer((json_int_t)number) : json_null();
}

json_t *json_number_if(bool known, uint64_t number)
{
	return known ? json_number(number) : json_null();
}

json_t *json_passing(const struct render_settings *settings, bool known, uint64_t number)
{
	return json_number_if(known && !settings->reproducible, number);
}

json_t *json_ms(const struct render_settings *settings, uint64_t ms)
{
	return json_passing(settings, ms != MS_UNKNOWN, ms);
}

json_t *json_time(const struct render_settings *settings, uint64_t realtime_ns)
{
	char text[64];
	time_t seconds = (time_t)(realtime_ns / 1000000000);
	struct tm parts;
	if (!realtime_ns || settings->reproducible || !gmtime_r(&seconds, &parts) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
		return json_null();
	return json_string(text);
}

bool json_append(json_t **array, json_t *value)
{
	if (*array && !json_array_append_new(*array, value))
		return true;
	if (!*array)
		json_decref(value);
	json_decref(*array);
	*array = NULL;
	return false;
}

json_t *json_frame(const struct frame *frame)
{
	if (!frame)
		return json_null();
	return json_fields((struct json_field[]){
		{ "function", json_text(frame->function) },
		{ "file", json_text(frame->file) },
		{ "line", json_number_if(frame->line, frame->line) },
		{ "module", json_text(frame->module) },
		{ "offset", json_number(frame->offset) },
		{ "build_id", json_text(frame->build_id) },
		{ "inlined", json_boolean(frame->inlined) },
		{ "system", json_boolean(frame->system) },
		{ "note", json_text(frame->note) },
		{ 0 },
	});
}

json_t *json_frames(const struct stack *stack)
{
	json_t *array = json_array();
	for (size_t i = 0; stack && i < stack->count; i++) {
		if (!json_append(&array, json_frame(&stack->frames[i])))
			return NULL;
	}
	return array;
}

json_t *json_place(const struct place *place)
{
	if (!place->call)
		return json_null();
	return json_fields((struct json_field[]){
		{ "call", json_text(place->call) },
		{ "frames", json_frames(place->stack) },
		{ 0 },
	});
}

static json_t *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : NULL;
	return name ? json_string(name) : json_null();
}

json_t *json_result_place(const struct place *place)
{
	if (!place->call)
		return json_null();
	return json_fields((struct json_field[]){
		{ "call", json_text(place->call) },
		{ "errno", error_name(place->error) },
		{ "frames", json_frames(place->stack) },
		{ 0 },
	});
}

struct nested {
	FILE *out;
	int indent;
};

/* All that is no part of a text stands in lines of its own: further in by as much. Called for each
 * word and sign, so nobody locks the stream: it is this thread's alone. */
static int nested_write(const char *text, size_t size, void *data)
{
	const struct nested *nested = data;

	for (const char *end; size; text = end) {
		end = memchr(text, '\n', size);
		end = end ? end + 1 : text + size;
		fwrite_unlocked(text, 1, (size_t)(end - text), nested->out);
		size -= (size_t)(end - text);
		for (int i = 0; end[-1] == '\n' && i < nested->indent; i++)
			putc_unlocked(' ', nested->out);
	}
	return ferror_unlocked(nested->out) ? -1 : 0;
}

int json_print_at(const json_t *value, int indent, FILE *out)
{
	struct nested nested = { out, indent };

	if (!value)
		return -ENOMEM;
	if (!json_dump_callback(value, nested_write, &nested,
				JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY))
		return 0;
	return ferror(out) ? -EIO : -ENOMEM;
}

int json_print(const json_t *value, FILE *out)
{
	if (!value)
		return -ENOMEM;
	int failed = json_dumpf(value, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	if (!failed && fputc('\n', out) == EOF)
		failed = -1;
	/* A stream that fails has set errno; ferror tells the caller the same. */
	return failed ? (ferror(out) ? -EIO : -ENOMEM) : 0;
}
