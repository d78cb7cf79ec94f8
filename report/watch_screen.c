/* SPDX-License-Identifier: MIT */
/* Draws the live view: what it says of the processes, the table of sites, a site's page, the keys.
 */
#include "watch_table.h"
#include "watch_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINES_LEAST   4
#define COLUMNS_LEAST 20

static const char *ending(struct screen *screen, const struct watch_process *process)
{
	if (!process->ended)
		return "running";
	if (process->exit_known)
		return arena_printf(screen->memory, "ended: exit status %d", process->exit_status);
	return process->killed ? "ended: killed" : "ended";
}

static const char *state(struct screen *screen)
{
	const struct watch_model *model = screen->model;
	const struct watch_process *head = model->head;

	if (head && (model->process_count == 1 || !model->running))
		return ending(screen, head);
	if (!model->process_count)
		return "none yet";
	return model->ended ? arena_printf(screen->memory, "%zu running, %zu ended", model->running,
					   model->ended)
			    : arena_printf(screen->memory, "%zu running", model->running);
}

static void title(struct screen *screen)
{
	const struct watch_process *head = screen->model->head;
	time_t now = time(NULL);
	struct tm parts;
	char clock[16] = "";

	terminal_bar(0, LOOK_HEAD);
	put(screen, 0, 0, LOOK_HEAD,
	    head ? arena_printf(screen->memory, "sockaudit watch %" PRIu32 " %s: %s", head->pid,
				head->comm, state(screen))
		 : arena_printf(screen->memory, "sockaudit watch --all: %s", state(screen)));
	if (localtime_r(&now, &parts))
		strftime(clock, sizeof(clock), "  %H:%M:%S", &parts);
	if (screen->columns >= 50)
		put_right(0, screen->columns, 10, LOOK_HEAD, clock);
}

/* The process that is nearest to its limit. */
static const char *descriptors(struct screen *screen)
{
	const struct report *report = screen->model->report;
	const struct process *nearest = NULL;

	for (size_t i = 0; report && i < report->process_count; i++) {
		const struct process *process = &report->processes[i];
		if (process->nofile_used_known && process->nofile_limit &&
		    (!nearest ||
		     (double)process->nofile_used / (double)process->nofile_limit >
			     (double)nearest->nofile_used / (double)nearest->nofile_limit))
			nearest = process;
	}
	return nearest ? arena_printf(screen->memory, "  descriptors %s of %s",
				      words_count(screen->memory, nearest->nofile_used),
				      words_count(screen->memory, nearest->nofile_limit))
		       : "";
}

static void books(struct screen *screen, int at)
{
	const struct watch_model *model = screen->model;
	uint64_t open = 0;
	double per_second = 0;

	for (size_t i = 0; i < model->site_count; i++) {
		open += model->sites[i].live;
		per_second += model->sites[i].per_second;
	}
	put(screen, at, 0, LOOK_PLAIN,
	    arena_printf(screen->memory, "open %s  opened %s  closed %s%s%s",
			 words_count(screen->memory, open),
			 words_count(screen->memory, model->opened),
			 words_count(screen->memory, model->closed),
			 model->running ? arena_printf(screen->memory, "  new/s %s",
						       words_rate(screen->memory, per_second))
					: "  (when it ended)",
			 model->running ? descriptors(screen) : ""));
}

/* Where no process holds a socket, nobody had to be asked. */
static bool kernel_is_known(const struct report *report)
{
	bool known = true;

	for (size_t i = 0; i < report->process_count; i++)
		known &= report->processes[i].coverage_known && !report->processes[i].kernel;
	return known || report->states_known;
}

static void kernel(struct screen *screen, int at)
{
	const struct watch_model *model = screen->model;
	const struct report *report = model->report;

	if (!model->analysed || screen->view->asking) {
		put(screen, at, 0, LOOK_DIM, "asking the kernel ...");
		return;
	}
	const char *words =
		model->analysed_end
			? "kernel, at the end:"
			: arena_printf(screen->memory, "kernel, %s ago:",
				       words_age(screen->memory,
						 model->now_ns > model->analysed_ns
							 ? (model->now_ns - model->analysed_ns) /
								   1000000u
							 : 0));
	bool any = false;
	for (int i = 1; i < TCP_STATE_COUNT; i++) {
		if (!report->states[i] || !tcp_state_names[i])
			continue;
		words = arena_printf(screen->memory, "%s  %s %s", words, tcp_state_names[i],
				     words_count(screen->memory, report->states[i]));
		any = true;
	}
	if (!any)
		words = arena_printf(screen->memory, "%s  %s", words,
				     kernel_is_known(report) ? "no TCP socket" : "unknown");
	put(screen, at, 0, LOOK_PLAIN, words);
}

static void verdicts(struct screen *screen, int at)
{
	const struct report *report = screen->model->report;
	uint64_t counts[RULE_COUNT] = { 0 }; /* a finding without sockets, of a site, is one */
	const char *words = NULL;
	bool bad = false, audited = false;

	for (size_t i = 0; i < screen->model->process_count; i++)
		audited |= screen->model->processes[i].has_ledger;
	if (!screen->model->analysed || !audited)
		return;
	for (size_t i = 0; i < report->finding_count; i++)
		counts[report->findings[i].rule] +=
			report->findings[i].count ? report->findings[i].count : 1;
	for (int i = 0; i < RULE_COUNT; i++) {
		if (!counts[i])
			continue;
		bad |= rules[i].severity == SEVERITY_ERROR;
		words = arena_printf(screen->memory, "%s  %s %s",
				     words ? words : "findings:", rules[i].name,
				     words_count(screen->memory, counts[i]));
	}
	put(screen, at, 0,
	    bad	    ? LOOK_BAD
	    : words ? LOOK_CAREFUL
		    : LOOK_PLAIN,
	    words			  ? words
	    : screen->model->analysed_end ? "findings: none"
					  : "findings: none past the grace");
}

/* Returns the first free line. */
static int head(struct screen *screen)
{
	static void (*const parts[])(struct screen *, int) = { books, kernel, verdicts };
	int room = screen->lines - LINES_LEAST, at = 1;

	title(screen);
	for (int i = 0; i < 3 && i < room; i++)
		parts[i](screen, at++);
	return at;
}

static void foot(struct screen *screen, const char *keys)
{
	const char *message = screen->view->message;

	terminal_bar(screen->lines - 1, LOOK_HEAD);
	put(screen, screen->lines - 1, 0, LOOK_HEAD, message ? message : keys);
}

/* Processes of which the table can tell nothing, and why. */
static int notes(struct screen *screen, int at, int end)
{
	const struct watch_model *model = screen->model;

	if (!model->process_count && at < end)
		put(screen, at++, 0, LOOK_PLAIN,
		    "waiting for a program that is started with LD_PRELOAD=libsockaudit.so");
	for (size_t i = 0; i < model->process_count && at < end; i++) {
		const struct watch_process *process = &model->processes[i];
		if (process->has_ledger || process->ended)
			continue;
		const char *reason = process->unaudited;
		put(screen, at++, 0, LOOK_CAREFUL,
		    arena_printf(screen->memory, "pid %" PRIu32 " %s %s", process->pid,
				 process->comm,
				 reason ? "is not audited; the kernel's states are all there is:"
					: "has opened no socket so far"));
		/* The reason is long and is why: on as many lines as it takes. */
		size_t length = reason ? strlen(reason) : 0, done = 0;
		while (done < length && at < end) {
			size_t room = (size_t)screen->columns - 4, part = length - done;
			if (part > room) {
				for (part = room; part > 1 && reason[done + part] != ' ';)
					part--;
				if (part <= 1)
					part = room;
			}
			put(screen, at++, 2, LOOK_PLAIN,
			    arena_printf(screen->memory, "%.*s", (int)part, reason + done));
			done += part;
			done += reason[done] == ' ';
		}
	}
	return at;
}

static void sites(struct screen *screen)
{
	struct watch_view *view = screen->view;
	int at = head(screen), end = screen->lines - 1;

	table_head(screen, at++);
	view->list.room = end > at ? (size_t)(end - at) : 1;
	view_follow(view, screen->model);
	for (size_t i = view->list.top; i < view->list.count && at < end; i++)
		table_row(screen, at++, &screen->model->sites[view->sites[i]],
			  i == view->list.cursor);
	notes(screen, at, end);
	foot(screen, arena_printf(screen->memory, "%s  s sort: %s  r ask kernel  ? help  q quit",
				  screen->columns >= 72 ? "Enter sockets  e edit" : "Enter  e edit",
				  table_order(view->order)));
}

static void site_page(struct screen *screen)
{
	struct watch_view *view = screen->view;
	const struct watch_site *site = &screen->model->sites[view->selected];
	int at = 0, end = screen->lines - 1;

	terminal_bar(at, LOOK_HEAD);
	put(screen, at++, 0, LOOK_HEAD, words_place(screen->memory, site->frame, true));
	put(screen, at++, 0, site->leaked ? LOOK_BAD : LOOK_PLAIN, table_words(screen, site));
	if (end > 4)
		kernel(screen, at++);
	view->lines.room = end > at ? (size_t)(end - at) : 1;
	view_follow(view, screen->model);
	for (size_t i = view->lines.top; i < view->lines.count && at < end; i++, at++) {
		const struct watch_line *line = &view->page_lines[i];
		bool selected = i == view->lines.cursor;
		if (selected)
			terminal_bar(at, LOOK_SELECTED);
		put(screen, at, 0, selected ? LOOK_SELECTED : line->look, line->text);
	}
	foot(screen, "Esc back  e edit this line  r ask kernel  ? help  q back");
}

static void help(struct screen *screen)
{
	static const char *const texts[] = {
		"Up Down j k     move; PgUp PgDn Home End g G likewise",
		"Enter           a site's findings, stacks and sockets; Esc, q: back",
		"e               $EDITOR at the line under the cursor",
		"s               sort by the next column",
		"r               ask the kernel now",
		"q               leave",
		"",
		"LIVE            open sockets that were opened there; each second",
		"HALF-CL         of those, one way has ended: CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2",
		"LEAKED          in findings of severity error, past the grace (--grace)",
		"NEW/s           opened a second, over the last ten; +/min: growth of LIVE",
		"OLDEST          age of the oldest that is open",
		"",
		"HALF-CL, LEAKED and OLDEST are of the time that the line \"kernel\" tells: the",
		"kernel is asked as often as it may cost one part in a hundred of a processor.",
	};
	int at = 0;

	terminal_bar(at, LOOK_HEAD);
	put(screen, at++, 0, LOOK_HEAD, "sockaudit watch: keys and columns");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && at < screen->lines - 1; i++)
		put(screen, at++, 0, LOOK_PLAIN, texts[i]);
	foot(screen, "any key: back");
}

void screen_draw(struct watch_view *view, const struct watch_model *model)
{
	struct arena memory = { NULL };
	struct screen screen = { .view = view, .model = model, .memory = &memory };

	terminal_size(&screen.lines, &screen.columns);
	terminal_begin();
	if (screen.lines < LINES_LEAST || screen.columns < COLUMNS_LEAST) {
		put(&screen, 0, 0, LOOK_PLAIN, "too small");
	} else {
		switch (view->page) {
		case PAGE_SITES:
			sites(&screen);
			break;
		case PAGE_SITE:
			site_page(&screen);
			break;
		case PAGE_HELP:
			help(&screen);
			break;
		}
	}
	terminal_show();
	arena_free(&memory);
}
