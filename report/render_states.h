/* SPDX-License-Identifier: MIT */
/* The census of TCP states in the output formats; see states_model.h. */
#ifndef RENDER_STATES_H
#define RENDER_STATES_H

#include "render.h"
#include "states_model.h"

struct states_renderer {
	const char *name; /* "json" */
	/* 0 or -errno; the stream's own errors are the caller's to check (ferror). */
	int (*census)(const struct states *census, const struct render_settings *settings,
		      FILE *out);
	/* --explain: one state, or all (STATE_NONE), with the settings of this namespace. */
	int (*explain)(enum tcp_state state, const struct settings_now *now,
		       const struct render_settings *settings, FILE *out);
};
/* By name; NULL when there is none. The names are those of renderers[]. */
const struct states_renderer *states_renderer_find(const char *name);

int text_states(const struct states *census, const struct render_settings *settings, FILE *out);
int text_explain(enum tcp_state state, const struct settings_now *now,
		 const struct render_settings *settings, FILE *out);
int json_states(const struct states *census, const struct render_settings *settings, FILE *out);
int json_explain(enum tcp_state state, const struct settings_now *now,
		 const struct render_settings *settings, FILE *out);

#endif
