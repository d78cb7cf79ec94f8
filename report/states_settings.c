/* SPDX-License-Identifier: MIT */
/* Reading /proc/sys; see states_settings.h. */
#include "states_settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct setting_lore setting_lore[SETTING_COUNT] = {
#define SETTING(name, key, path, today, posts) [SETTING_##name] = { key, path, today, posts },
#include "states_settings.def"
#undef SETTING
};

static const char *value_read(struct arena *arena, const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	text[n] = 0;
	text[strcspn(text, "\n")] = 0;
	for (char *tab = text; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	return *text ? arena_copy(arena, text) : NULL;
}

void states_settings_read(struct arena *arena, struct settings_now *settings)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		settings->values[i] =
			setting_lore[i].path ? value_read(arena, setting_lore[i].path) : NULL;
}
