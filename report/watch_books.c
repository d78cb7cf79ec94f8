/* SPDX-License-Identifier: MIT */
/*
 * Where the live view's data comes from; see watch_books.h. A tick reads each running ledger's
 * header and stacks, some tens of microseconds; who opened how many sockets where needs nothing
 * else. What a stack is in terms of source is asked once and kept.
 */
#include "watch_books.h"

#include "code.h"
#include "watch_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATE_TICKS 10 /* sockets a second are told of the last ten ticks */

static void *grown(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	size_t larger = *room ? *room * 2 : 16;
	while (larger <= count)
		larger *= 2;
	unsigned char *moved = reallocarray(array, larger, size);
	if (!moved) {
		arena_out_of_memory();
		abort();
	}
	memset(moved + *room * size, 0, (larger - *room) * size);
	*room = larger;
	return moved;
}

void books_start(struct watch_books *books, const char *const *named, bool no_children,
		 const struct grace *grace)
{
	memset(books, 0, sizeof(*books));
	books->members.named = named;
	books->members.settings =
		(struct members_settings){ .no_children = no_children, .all = !named[0] };
	books->code = code_new(&books->memory);
	books->settings = (struct analysis_settings){
		.grace = *grace, .code = books->code, .look = watch_sockets_take, .looker = books
	};
	books->model.now_ns = clock_pair_now().monotonic_ns;
}

uint32_t books_site(struct watch_books *books, uint32_t code)
{
	uint32_t number = code_site(books->code, code);

	books->site_of = grown(books->site_of, number, &books->site_of_room, sizeof(uint32_t));
	if (!books->site_of[number]) {
		books->model.sites = grown(books->model.sites, books->model.site_count,
					   &books->site_room, sizeof(*books->model.sites));
		books->model.sites[books->model.site_count] = (struct watch_site){
			.number = number,
			.frame = stack_site(code_resolve(books->code, code)),
			.met = books->ticks + 1,
		};
		books->site_of[number] = (uint32_t)++books->model.site_count;
	}
	return books->site_of[number] - 1;
}

static uint32_t stack_of(struct watch_books *books, uint32_t code)
{
	books->stack_of = grown(books->stack_of, code, &books->stack_of_room, sizeof(uint32_t));
	if (!books->stack_of[code]) {
		uint32_t site = books_site(books, code);
		books->model.stacks = grown(books->model.stacks, books->model.stack_count,
					    &books->stack_room, sizeof(*books->model.stacks));
		books->model.stacks[books->model.stack_count] = (struct watch_stack){
			.code = code, .stack = code_resolve(books->code, code), .site = site
		};
		books->stack_of[code] = (uint32_t)++books->model.stack_count;
	}
	return books->stack_of[code] - 1;
}

/* Adds what a ledger counts to its stacks; of an ended process it is added for good. */
static void counters_add(struct watch_books *books, struct watched *watched,
			 const struct ledger *ledger)
{
	struct member member = watched->member;

	member.ledger = (struct ledger *)ledger;
	watched->stacks = grown(watched->stacks, ledger->stack_count, &watched->stack_count,
				sizeof(uint32_t));
	for (uint32_t i = 1; i < ledger->stack_count; i++) {
		const struct ledger_stack *counters = &ledger->stacks[i];
		if (!counters->opened)
			continue;
		if (!watched->stacks[i])
			watched->stacks[i] =
				stack_of(books, code_stack(books->code, &member, i)) + 1;
		struct watch_stack *stack = &books->model.stacks[watched->stacks[i] - 1];
		if (watched->ended) {
			stack->ended_opened += counters->opened;
			stack->ended_closed += counters->closed;
		} else {
			stack->opened += counters->opened;
			stack->closed += counters->closed;
		}
	}
}

static void watched_read(struct watch_books *books, struct watched *watched)
{
	struct arena arena = { NULL };
	struct ledger *ledger;
	const char *trouble;
	int fd = fcntl(watched->ledger, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0 &&
	    !ledger_read_stacks_fd(&arena, fd, watched->member.path, &ledger, &trouble)) {
		const struct ledger_header *header = &ledger->header;
		watched->member.ledger_state = header->state;
		watched->exit_known = header->state == LEDGER_EXITED;
		watched->exit_status = header->exit_status & 0xff;
		watched->opened = header->totals.opened;
		watched->closed = header->totals.closed;
		counters_add(books, watched, ledger);
		code_forget_ledgers(books->code);
		ledger_close(ledger);
		watched->counted = watched->ended;
	}
	arena_free(&arena);
}

static void site_rates(struct watch_books *books, struct watch_site *site)
{
	uint64_t last = books->ticks, first = last >= WATCH_SAMPLES ? last - WATCH_SAMPLES + 1 : 0;

	first = first > site->met ? first : site->met;
	uint64_t recent = last > first + RATE_TICKS ? last - RATE_TICKS : first;
	const struct watch_sample *now = &site->samples[last % WATCH_SAMPLES];
	double since_recent = (double)(books->tick_ns[last % WATCH_SAMPLES] -
				       books->tick_ns[recent % WATCH_SAMPLES]) /
			      1e9,
	       since_first = (double)(books->tick_ns[last % WATCH_SAMPLES] -
				      books->tick_ns[first % WATCH_SAMPLES]) /
			     1e9;

	site->rate_known = last > recent && since_recent > 0;
	site->growth_known = last > first && since_first > 0;
	/* A ledger that could not be read for once is missing in the sum. */
	uint64_t before = site->samples[recent % WATCH_SAMPLES].opened;
	if (site->rate_known)
		site->per_second =
			now->opened > before ? (double)(now->opened - before) / since_recent : 0;
	if (site->growth_known)
		site->growth_per_minute =
			((double)now->live - (double)site->samples[first % WATCH_SAMPLES].live) *
			60 / since_first;
}

void books_live(struct watch_books *books)
{
	for (size_t i = 0; i < books->model.site_count; i++) {
		struct watch_site *site = &books->model.sites[i];
		int64_t live = (int64_t)site->counted + site->uncounted;
		site->live = live > 0 ? (uint64_t)live : 0;
	}
}

static void sites_sum(struct watch_books *books)
{
	uint64_t turn = ++books->ticks % WATCH_SAMPLES;

	books->tick_ns[turn] = books->model.now_ns;
	for (size_t i = 0; i < books->model.site_count; i++)
		books->model.sites[i].opened = books->model.sites[i].counted = 0;
	for (size_t i = 0; i < books->model.stack_count; i++) {
		const struct watch_stack *stack = &books->model.stacks[i];
		struct watch_site *site = &books->model.sites[stack->site];
		site->opened += stack->opened + stack->ended_opened;
		if (stack->opened > stack->closed)
			site->counted += stack->opened - stack->closed;
	}
	/* When all have ended, the last analysis tells what was open. */
	if (books->model.running)
		books_live(books);
	for (size_t i = 0; i < books->model.site_count; i++) {
		struct watch_site *site = &books->model.sites[i];
		site->samples[turn] =
			(struct watch_sample){ .opened = site->opened, .live = site->live };
		site->rate_known = site->growth_known = false;
		if (books->model.running)
			site_rates(books, site);
	}
}

/* The members in the view's terms; the head is the present program of the one that was named. */
static void processes_fill(struct watch_books *books)
{
	const struct watch_members *members = &books->members;
	struct watch_model *model = &books->model;
	unsigned long named = members->named[0] ? strtoul(members->named[0], NULL, 10) : 0;

	model->processes = grown(model->processes, members->count, &books->process_room,
				 sizeof(*model->processes));
	model->process_count = members->count;
	model->head = NULL;
	model->opened = members->forgotten_opened;
	model->closed = members->forgotten_closed;
	for (size_t i = 0; i < members->count; i++) {
		const struct watched *watched = members->items[i];
		model->processes[i] = (struct watch_process){
			.pid = watched->member.pid,
			.comm = watched->member.comm,
			.unaudited = watched->member.unaudited,
			.has_ledger = watched->ledger >= 0,
			.ended = watched->ended,
			.exit_known = watched->exit_known,
			.exit_status = watched->exit_status,
			.killed = watched->ledger >= 0 && watched->ended &&
				  watched->member.ledger_state == LEDGER_RUNNING,
		};
		if (watched->member.pid == named && !watched->member.superseded)
			model->head = &model->processes[i];
		model->opened += watched->opened;
		model->closed += watched->closed;
	}
	model->running = watch_members_running(members);
	model->ended = members->count - model->running;
}

int books_search(struct watch_books *books, struct arena *arena, const char **trouble)
{
	int error = watch_members_find(&books->members, arena, trouble);

	/* Entries have come and gone. */
	processes_fill(books);
	return error;
}

void books_tick(struct watch_books *books)
{
	struct watch_members *members = &books->members;

	books->model.now_ns = clock_pair_now().monotonic_ns;
	watch_members_look(members);
	for (size_t i = 0; i < books->model.stack_count; i++)
		books->model.stacks[i].opened = books->model.stacks[i].closed = 0;
	for (size_t i = 0; i < members->count; i++)
		if (members->items[i]->ledger >= 0 && !members->items[i]->counted)
			watched_read(books, members->items[i]);
	processes_fill(books);
	sites_sum(books);
}

int books_analyse(struct watch_books *books)
{
	struct analysis *analysis = &books->analysis;

	/* The last one goes first: of many sockets, two take much memory. */
	analysis_free(analysis);
	memset(analysis, 0, sizeof(*analysis));
	books->model.report = NULL;
	books->model.sockets = NULL;
	books->model.socket_count = books->socket_room = 0;
	books->model.analysed = false;
	int error = watch_members_read(&books->members, &analysis->arena, &analysis->members);
	if (error)
		return error;
	analysis_of_members(&books->settings, &books->analysis);
	watch_sockets_judge(books);
	books->model.report = &books->analysis.report;
	books->model.analysed = true;
	books->model.analysed_end = !books->model.running;
	books->model.analysed_ns = clock_pair_now().monotonic_ns;
	books->model.analyses++;
	/* What they know of the ledgers is in the code now; the report needs neither. */
	code_forget_ledgers(books->code);
	members_close(&books->analysis.members);
	return 0;
}

void books_free(struct watch_books *books)
{
	analysis_free(&books->analysis);
	watch_members_free(&books->members);
	code_free(books->code);
	arena_free(&books->memory);
	free(books->model.sites);
	free(books->model.stacks);
	free(books->model.processes);
	free(books->site_of);
	free(books->stack_of);
}
