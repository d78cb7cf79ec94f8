/* SPDX-License-Identifier: MIT */
/* The formats of the census of TCP states. */
#include "render_states.h"

#include <string.h>

static const struct states_renderer states_renderers[] = {
	{ "text", text_states, text_explain },
	{ "json", json_states, json_explain },
};

const struct states_renderer *states_renderer_find(const char *name)
{
	for (size_t i = 0; i < sizeof(states_renderers) / sizeof(*states_renderers); i++)
		if (!strcmp(states_renderers[i].name, name))
			return &states_renderers[i];
	return NULL;
}
