/* SPDX-License-Identifier: MIT */
/* What the census and --explain share in text. */
#ifndef TEXT_STATES_H
#define TEXT_STATES_H

#include "states_model.h"
#include "text_writer.h"

void text_states_width(struct text *text);
/* text_explain.c: the wrong advice that belongs to a state; its threshold in words. */
void text_wrong(struct text *text, const struct state_lore *lore);
char *text_threshold(struct text *text, const struct state_lore *lore);
/* "tcp_fin_timeout 60 (default 60 s; old posts: ...)"; `now` NULL: unknown, or, when no value is
 * wanted, left out. */
char *text_setting(struct text *text, enum setting setting, const char *now, bool without);

#endif
