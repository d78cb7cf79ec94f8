/* SPDX-License-Identifier: MIT */
/*
 * The census for people: the first lines say what is wrong, on which side and what to type next;
 * then the states by number, where they pile up, and for each state that is too many what helps and
 * what does not.
 */
#include "text_states.h"
#include "render_states.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define WIDTH_DEFAULT  100u
#define WIDTH_SMALLEST 60u
#define ROWS_SHOWN     20
#define NAMES_SHOWN    12 /* of namespaces */

void text_states_width(struct text *text)
{
	text->width = text->settings->width ? text->settings->width : WIDTH_DEFAULT;
	if (text->width < WIDTH_SMALLEST)
		text->width = WIDTH_SMALLEST;
}

char *text_setting(struct text *text, enum setting setting, const char *now, bool without)
{
	const struct setting_lore *lore = &setting_lore[setting];

	return text_make(text, "%s%s%s (default %s; old posts: %s)", lore->key, without ? "" : " ",
			 without ? ""
			 : now	 ? text_safe(text, now)
				 : "unknown",
			 lore->today, lore->posts);
}

static char *row_name(struct text *text, const struct states_row *row)
{
	return text_safe(text, text->settings->reproducible && row->pid ? row->comm : row->name);
}

/* "30+" where more may be, of processes that are not ours to see. */
static char *counted(struct text *text, const struct states *census, enum tcp_state state,
		     uint64_t number)
{
	return text_make(text, "%s%s", text_number(text, number),
			 state == STATE_CLOSE && census->close_at_least ? "+" : "");
}

static char *state_number(struct text *text, const struct states *census,
			  const struct state_advice *advice)
{
	uint64_t all = census->count[advice->state].all;
	char *number = counted(text, census, advice->state, all);

	/* Where the threshold speaks of a part: a listener's full queue, nobody's acceptance. */
	if (advice->counted && advice->counted < all && state_lore[advice->state].of_which)
		number = text_make(text, "%s of %s", text_number(text, advice->counted), number);
	return text_make(text, "%s %s", state_lore[advice->state].name, number);
}

static void next(struct text *text, const struct state_advice *advice)
{
	if (advice->next && !(text->settings->reproducible && advice->most))
		text_words(text, "next", text_safe(text, advice->next));
}

static void headline(struct text *text, const struct states *census)
{
	char *sockets = text_count(text, census->all, "TCP socket", "TCP sockets");
	const struct state_advice *worst = census->advice;

	if (!census->too_many) {
		text_title(text, 0, COLOUR_GOOD,
			   text_make(text, "nothing piles up: %s, no state beyond its threshold",
				     sockets));
		return;
	}
	text_title(text, 0, worst->note ? COLOUR_CAREFUL : COLOUR_BAD,
		   text_make(text, "%s%s: %s", state_number(text, census, worst),
			     worst->note ? ", no fault by itself" : " is too many",
			     state_lore[worst->state].means));
	text_words(text, "fault", worst->side);
	if (worst->most)
		text_words(text, "most",
			   text_make(text, "%s: %s of %s", row_name(text, worst->most),
				     text_number(text, worst->most->all),
				     counted(text, census, worst->state,
					     census->count[worst->state].all)));
	next(text, worst);
	char *others = NULL;
	for (size_t i = 1; i < census->too_many; i++)
		others = text_make(text, "%s%s%s", others ? others : "", others ? ", " : "",
				   state_number(text, census, &census->advice[i]));
	if (others)
		text_words(text, "also many", others);
}

/* "+12", "-3", "=" since the census before. */
static char *change(struct text *text, uint64_t now, uint64_t before)
{
	if (now == before)
		return text_make(text, "=");
	return now > before ? text_make(text, "+%s", text_number(text, now - before))
			    : text_make(text, "-%s", text_number(text, before - now));
}

static const struct state_advice *advice_of(const struct states *census, enum tcp_state state)
{
	for (size_t i = 0; i < census->advice_count; i++)
		if (census->advice[i].state == state)
			return &census->advice[i];
	return NULL;
}

static void table_line(struct text *text, const struct states *census, enum tcp_state state)
{
	const struct state_count *count = &census->count[state];
	const struct state_advice *advice = advice_of(census, state);
	bool many = advice && advice->too_many,
	     untold = state == STATE_CLOSE && !census->close_known && !count->all;
	char *line = text_make(text, "%-12s %9s", state_lore[state].name,
			       untold ? "-" : counted(text, census, state, count->all));

	if (census->before)
		line = text_make(text, "%s %9s", line,
				 change(text, count->all, census->before->count[state].all));
	if (census->families_known)
		line = text_make(text, "%s %9s %9s", line,
				 untold ? "-" : counted(text, census, state, count->ipv4),
				 untold ? "-" : counted(text, census, state, count->ipv6));
	if (census->owners_known)
		line = text_make(text, "%s %11s", line, text_number(text, count->without_owner));
	line = text_make(text, "%s %9s%s%s", line, text_number(text, state_lore[state].too_many),
			 state_lore[state].of_which ? "*"
			 : many			    ? " "
						    : "",
			 many ? " <" : "");
	text_line(text, 0,
		  many	       ? advice->note ? COLOUR_CAREFUL : COLOUR_BAD
		  : count->all ? COLOUR_NONE
			       : COLOUR_DIM,
		  line);
}

static void table(struct text *text, const struct states *census)
{
	char *line = text_make(text, "%-12s %9s", "STATE", "SOCKETS");

	if (census->before)
		line = text_make(text, "%s %9s", line, "CHANGE");
	if (census->families_known)
		line = text_make(text, "%s %9s %9s", line, "IPv4", "IPv6");
	if (census->owners_known)
		line = text_make(text, "%s %11s", line, "NO PROCESS");
	text_gap(text);
	text_line(text, 0, COLOUR_BOLD, text_make(text, "%s %9s", line, "MANY FROM"));
	for (const enum tcp_state *state = states_in_order; *state; state++)
		table_line(text, census, *state);
	text_line(text, 0, COLOUR_DIM,
		  "* LISTEN: whose accept queue is full; ESTABLISHED: not yet accepted");
	if (census->unseen)
		text_words(text, "note", census->unseen);
}

/* "CLOSE_WAIT 812, ESTABLISHED 2": the largest first. */
static char *states_words(struct text *text, const uint64_t states[STATE_COUNT])
{
	bool told[STATE_COUNT] = { false };
	char *words = NULL;

	for (;;) {
		int most = 0;
		for (int i = 1; i < STATE_COUNT; i++)
			if (!told[i] && states[i] && (!most || states[i] > states[most]))
				most = i;
		if (!most)
			return words ? words : text_make(text, "none");
		told[most] = true;
		words = text_make(text, "%s%s%s %s", words ? words : "", words ? ", " : "",
				  state_lore[most].name, text_number(text, states[most]));
	}
}

static void by_table(struct text *text, const struct states *census)
{
	size_t shown = census->row_count > ROWS_SHOWN ? ROWS_SHOWN : census->row_count;
	unsigned widest = 0;

	if (!census->by)
		return;
	text_gap(text);
	text_line(text, 0, COLOUR_BOLD, text_make(text, "BY %s", states_by_names[census->by - 1]));
	for (size_t i = 0; i < shown; i++) {
		unsigned columns = (unsigned)strlen(row_name(text, &census->rows[i]));
		widest = columns > widest ? columns : widest;
	}
	for (size_t i = 0; i < shown; i++) {
		const struct states_row *row = &census->rows[i];
		char *words = text_make(text, "%9s  %-*s  %s", text_number(text, row->all),
					(int)(widest > 40 ? 40 : widest), row_name(text, row),
					states_words(text, row->states));
		if (row->shared && census->by == BY_PROCESS)
			words = text_make(text, "%s (%s held by others too)", words,
					  text_number(text, row->shared));
		text_title(text, 0, COLOUR_NONE, words);
	}
	if (shown < census->row_count)
		text_line(text, 0, COLOUR_DIM,
			  text_make(text, "%9s  and %s more; --format=json lists them", "",
				    text_number(text, census->row_count - shown)));
}

static void namespaces(struct text *text, const struct states *census)
{
	size_t shown =
		census->namespace_count > NAMES_SHOWN ? NAMES_SHOWN : census->namespace_count;

	if (census->namespace_count < 2)
		return;
	text_gap(text);
	text_line(text, 0, COLOUR_BOLD,
		  text_make(text, "%s",
			    text_count(text, census->namespace_count, "NETWORK NAMESPACE",
				       "NETWORK NAMESPACES")));
	for (size_t i = 0; i < shown; i++) {
		const struct states_namespace *where = &census->namespaces[i];
		text_title(text, 0, COLOUR_NONE,
			   text_make(text, "%9s  %s: %s",
				     where->how ? text_number(text, where->all) : "unknown",
				     text_safe(text, where->name),
				     where->how ? states_words(text, where->states)
						: text_safe(text, where->trouble)));
	}
	if (shown < census->namespace_count)
		text_line(text, 0, COLOUR_DIM,
			  text_make(text, "%9s  and %s more; --format=json lists them", "",
				    text_number(text, census->namespace_count - shown)));
}

static void most(struct text *text, const struct state_advice *advice)
{
	if (!advice->most)
		return;
	char *words = text_make(text, "%s holds %s of them", row_name(text, advice->most),
				text_number(text, advice->most->all));
	if (advice->most_limit && !text->settings->reproducible)
		words = text_make(
			text, "%s; %s of its %s descriptors (RLIMIT_NOFILE) are in use", words,
			advice->most_open ? text_number(text, advice->most_open) : "unknown",
			text_number(text, advice->most_limit));
	text_words(text, "here", words);
}

static const char *value(struct text *text, const struct state_advice *advice, enum setting setting)
{
	if (setting != SETTING_NOFILE)
		return advice->settings->values[setting];
	return advice->most_limit ? text_make(text, "%" PRIu64, advice->most_limit) : NULL;
}

static void block(struct text *text, const struct states *census, const struct state_advice *advice)
{
	const struct state_lore *lore = &state_lore[advice->state];
	bool valued = advice->settings && !text->settings->reproducible;
	bool here = advice->most;

	text_gap(text);
	text_title(text, 0, advice->note ? COLOUR_CAREFUL : COLOUR_BAD,
		   text_make(text, "%s: too many %s", state_number(text, census, advice),
			     text_threshold(text, lore)));
	text_words(text, "means", lore->means);
	text_words(text, "fault", advice->side);
	most(text, advice);
	for (const char **fact = advice->facts; *fact; fact++, here = true)
		text_words(text, here ? "" : "here", text_safe(text, *fact));
	text_words(text, "helps", lore->helps);
	text_words(text, "no help", lore->useless);
	text_wrong(text, lore);
	for (unsigned i = 0; i < lore->setting_count; i++)
		text_words(text, i ? "" : "settings",
			   text_setting(text, lore->settings[i],
					valued ? value(text, advice, lore->settings[i]) : NULL,
					!valued));
	if (valued && advice->settings_of)
		text_words(text, "",
			   text_make(text, "as they are in the network namespace of %s",
				     text_safe(text, advice->settings_of)));
	next(text, advice);
}

/* What there is and is in order, a line each. */
static void in_order(struct text *text, const struct states *census)
{
	if (census->too_many == census->advice_count)
		return;
	text_gap(text);
	text_line(text, 0, COLOUR_BOLD, "not too many");
	for (size_t i = census->too_many; i < census->advice_count; i++)
		text_title(text, 2, COLOUR_NONE,
			   text_make(text, "%s: %s", state_number(text, census, &census->advice[i]),
				     state_lore[census->advice[i].state].means));
}

int text_states(const struct states *census, const struct render_settings *settings, FILE *out)
{
	struct text text = { .out = out, .settings = settings };

	text_states_width(&text);
	headline(&text, census);
	table(&text, census);
	by_table(&text, census);
	namespaces(&text, census);
	for (size_t i = 0; i < census->too_many; i++)
		block(&text, census, &census->advice[i]);
	in_order(&text, census);
	bool first = true;
	for (const char **remark = census->remarks; remark && *remark; remark++) {
		/* It stands under the table. */
		if (*remark == census->unseen)
			continue;
		if (first)
			text_gap(&text);
		first = false;
		text_words(&text, "note", text_safe(&text, *remark));
	}
	arena_free(&text.arena);
	return ferror(out) ? -EIO : 0;
}
