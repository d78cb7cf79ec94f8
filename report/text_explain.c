/* SPDX-License-Identifier: MIT */
/* states --explain: each state told whole, with no numbers of this host but its settings. */
#include "render_states.h"
#include "text_states.h"

#include <errno.h>

void text_wrong(struct text *text, const struct state_lore *lore)
{
	for (const struct wrong_advice *wrong = lore->wrong;
	     wrong < lore->wrong + WRONG_MOST && wrong->claim; wrong++)
		text_words(text, wrong == lore->wrong ? "wrong" : "",
			   text_make(text, "\"%s\": %s", wrong->claim, wrong->truth));
}

char *text_threshold(struct text *text, const struct state_lore *lore)
{
	char *words = text_make(text, "from %s", text_number(text, lore->too_many));

	if (lore->of_which)
		words = text_make(text, "%s %s", words, lore->of_which);
	return lore->or_when ? text_make(text, "%s on, %s", words, lore->or_when)
			     : text_make(text, "%s on", words);
}

static void state_explain(struct text *text, const struct state_lore *lore,
			  const struct settings_now *now)
{
	text_line(text, 0, COLOUR_BOLD, lore->name);
	text_words(text, "means", lore->means);
	text_words(text, "waits", lore->waits);
	text_words(text, "moves next", lore->moves);
	text_words(text, "segment", lore->segment);
	text_words(text, "too many", text_threshold(text, lore));
	text_words(text, "fault then", lore->side);
	text_words(text, "helps", lore->helps);
	text_words(text, "no help", lore->useless);
	text_wrong(text, lore);
	for (unsigned i = 0; i < lore->setting_count; i++)
		text_words(text, i ? "" : "settings",
			   text_setting(text, lore->settings[i],
					now ? now->values[lore->settings[i]] : NULL,
					!now || !setting_lore[lore->settings[i]].path));
}

int text_explain(enum tcp_state state, const struct settings_now *now,
		 const struct render_settings *settings, FILE *out)
{
	struct text text = { .out = out, .settings = settings };

	text_states_width(&text);
	for (const enum tcp_state *one = states_in_order; *one; one++) {
		if (state && state != *one)
			continue;
		if (!state && one != states_in_order)
			text_gap(&text);
		state_explain(&text, &state_lore[*one], settings->reproducible ? NULL : now);
	}
	arena_free(&text.arena);
	return ferror(out) ? -EIO : 0;
}
