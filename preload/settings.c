/* SPDX-License-Identifier: MIT */
#include "settings.h"
#include "complain.h"
#include "sys.h"
#include <fnmatch.h>
#include <sockaudit/ledger.h>
#include <stddef.h>
#include <string.h>

struct settings settings = { .enabled = true, .summary = true, .frames = 48, .keep = 64 };

enum setting_kind { SETTING_FLAG, SETTING_NUMBER, SETTING_TEXT, SETTING_ONLY, SETTING_NAME };

struct setting {
	const char *key;
	enum setting_kind kind;
	size_t offset;
	long least, most;
};

static const struct setting known[] = {
	{ "dir", SETTING_TEXT, offsetof(struct settings, dir), 0, 0 },
	{ "log", SETTING_TEXT, offsetof(struct settings, log), 0, 0 },
	{ "suppressions", SETTING_TEXT, offsetof(struct settings, suppressions), 0, 0 },
	{ "mark", SETTING_NAME, offsetof(struct settings, mark), 0, 0 },
	{ "marks", SETTING_TEXT, offsetof(struct settings, marks), 0, 0 },
	{ "attendance", SETTING_TEXT, offsetof(struct settings, attendance), 0, 0 },
	{ "grace", SETTING_NUMBER, offsetof(struct settings, grace_ms), 0, 1000000000 },
	{ "frames", SETTING_NUMBER, offsetof(struct settings, frames), 1, LEDGER_FRAMES_MAX },
	{ "keep", SETTING_NUMBER, offsetof(struct settings, keep), 0, 1000000 },
	{ "exitcode", SETTING_NUMBER, offsetof(struct settings, exitcode), 0, 255 },
	{ "summary", SETTING_FLAG, offsetof(struct settings, summary), 0, 1 },
	{ "enabled", SETTING_FLAG, offsetof(struct settings, enabled), 0, 1 },
	{ "only", SETTING_ONLY, 0, 0, 0 },
};

static bool number_parse(const char *text, long least, long most, long *value)
{
	long number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (*text - '0');
		if (number > most)
			return false;
	}
	*value = number;
	return number >= least;
}

/* A relative path is one from where the program was started: it may chdir before we need it. */
static bool path_keep(char place[PATH_MAX], const char *value)
{
	long start = 0;

	if (value[0] && value[0] != '/') {
		start = sys_call(SYS_getcwd, place, PATH_MAX, 0, 0); /* counts the NUL */
		if (start <= 0)
			return false;
		place[start - 1] = '/';
	}
	if (!value[0] || (size_t)start + strlen(value) >= PATH_MAX) {
		place[0] = 0;
		return false;
	}
	strcpy(place + start, value);
	return true;
}

static bool setting_apply(const struct setting *setting, const char *value, const char *program)
{
	void *place = (char *)&settings + setting->offset;
	long number;

	switch (setting->kind) {
	case SETTING_TEXT:
		return path_keep(place, value);
	case SETTING_NAME:
		if (!*value || strlen(value) >= sizeof settings.mark)
			return false;
		strcpy(place, value);
		return true;
	case SETTING_ONLY:
		if (!*value)
			return false;
		if (fnmatch(value, program, 0) != 0)
			settings.enabled = false;
		return true;
	case SETTING_FLAG:
		if (!number_parse(value, 0, 1, &number))
			return false;
		/* only= may have switched it off already. */
		*(bool *)place = place == &settings.enabled ? number && settings.enabled : number;
		return true;
	case SETTING_NUMBER:
		if (!number_parse(value, setting->least, setting->most, &number))
			return false;
		*(unsigned *)place = (unsigned)number;
		if (place == &settings.grace_ms)
			settings.grace_given = true;
		return true;
	}
	return false;
}

static const char *const expectations[] = {
	[SETTING_FLAG] = "0 or 1",
	[SETTING_NUMBER] = "a whole number from ",
	[SETTING_TEXT] = "a path",
	[SETTING_ONLY] = "a pattern for the program's name",
	[SETTING_NAME] = "a name of at most 255 characters",
};

static void setting_refuse(const struct setting *setting, const char *value)
{
	bool number = setting->kind == SETTING_NUMBER;
	char least[24], most[24];

	complain("SOCKAUDIT_OPTIONS: ", setting->key, value ? "=" : "", value ? value : "",
		 " is ignored: it takes ", expectations[setting->kind],
		 number ? complain_number(least, (unsigned long long)setting->least) : "",
		 number ? " to " : "",
		 number ? complain_number(most, (unsigned long long)setting->most) : "", NULL);
}

static void pair_read(char *pair, const char *program)
{
	char *equals = strchr(pair, '=');

	if (equals)
		*equals = 0;
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(pair, known[i].key) != 0)
			continue;
		if (!equals || !setting_apply(&known[i], equals + 1, program))
			setting_refuse(&known[i], equals ? equals + 1 : NULL);
		return;
	}
	complain("SOCKAUDIT_OPTIONS: unknown key '", pair,
		 "' is ignored; known are dir, log, grace, frames, keep, exitcode, summary, "
		 "enabled, only, suppressions, mark",
		 NULL);
}

void settings_read(const char *text, const char *program)
{
	char pair[PATH_MAX + 32];

	while (text && *text) {
		size_t length = strcspn(text, ":");

		if (length && length < sizeof pair) {
			memcpy(pair, text, length);
			pair[length] = 0;
			pair_read(pair, program);
		} else if (length) {
			complain("SOCKAUDIT_OPTIONS: a value longer than a path is ignored", NULL);
		}
		text += length;
		text += *text == ':';
	}
}
