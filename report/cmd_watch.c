/* SPDX-License-Identifier: MIT */
/*
 * sockaudit watch: a live view. Each second it reads the counters in the ledgers and draws; what
 * costs more, the kernel's word and the search for new processes, is had as often as its share of a
 * processor allows, by what it cost the last time. Whoever watches a server in trouble must not add
 * to it.
 */
#include "command.h"

#include "code.h"
#include "watch_books.h"
#include "watch_editor.h"
#include "watch_view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000u

/* Work that may take a part of one processor's time. */
struct allowance {
	double share;
	uint64_t next_ns, pause_ns; /* CLOCK_MONOTONIC; for how long the last one forbids it */
};

struct watch {
	struct watch_books books;
	struct watch_view view;
	struct allowance tick, analysis, search;
	uint64_t analysis_took_ns;
	bool changed; /* there are ledgers that were not looked at */
};

static volatile sig_atomic_t ending_signal;

static void on_signal(int number)
{
	ending_signal = number;
}

static void memory_is_out(void)
{
	terminal_stop();
	fputs("sockaudit: out of memory; watch fewer processes at once\n", stderr);
	_Exit(EXIT_TROUBLE);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* After work that began when this process had used `before` of a processor: never twice a second.
 */
static void allowance_charge(struct allowance *allowance, uint64_t before)
{
	uint64_t cost = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before,
		 pause = (uint64_t)((double)cost / allowance->share);

	allowance->pause_ns = pause > SECOND ? pause : SECOND;
	allowance->next_ns = clock_ns(CLOCK_MONOTONIC) + allowance->pause_ns;
}

static void draw(struct watch *watch)
{
	view_follow(&watch->view, &watch->books.model);
	screen_draw(&watch->view, &watch->books.model);
}

static void tick(struct watch *watch)
{
	uint64_t before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), began = clock_ns(CLOCK_MONOTONIC);

	books_tick(&watch->books);
	watch->changed |= watch_members_changed(&watch->books.members);
	draw(watch);
	allowance_charge(&watch->tick, before);
	/* A second from its beginning, not from its end. */
	if (watch->tick.next_ns < began + 2 * (uint64_t)SECOND)
		watch->tick.next_ns = began + SECOND;
}

static int search(struct watch *watch, struct arena *words, const char **trouble)
{
	uint64_t before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	int error = books_search(&watch->books, words, trouble);

	watch->changed = false;
	allowance_charge(&watch->search, before);
	return error;
}

static void search_again(struct watch *watch)
{
	struct arena words = { NULL };
	const char *trouble;

	/* Whoever ended while he was looked for is seen to have ended by the next tick. */
	search(watch, &words, &trouble);
	arena_free(&words);
}

static void analyse(struct watch *watch)
{
	uint64_t before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), began = clock_ns(CLOCK_MONOTONIC);

	/* Only of what a reader would wait for: else it were a flicker. */
	watch->view.asking = !watch->books.model.analysed || watch->analysis_took_ns > SECOND / 8;
	if (watch->view.asking)
		draw(watch);
	books_analyse(&watch->books);
	watch->view.asking = false;
	watch->analysis_took_ns = clock_ns(CLOCK_MONOTONIC) - began;
	allowance_charge(&watch->analysis, before);
	watch->books.model.now_ns = clock_ns(CLOCK_MONOTONIC);
	draw(watch);
}

static void edit(struct watch *watch)
{
	const struct frame *frame = view_frame(&watch->view, &watch->books.model);

	if (!editor_can_open(frame, &watch->view.message))
		return;
	terminal_leave();
	watch->view.message = editor_run(frame);
	terminal_return();
}

/* What has been pressed. False: leave. */
static bool keys(struct watch *watch)
{
	enum watch_key key;

	while ((key = terminal_key()) != WATCH_NO_KEY) {
		switch (view_key(&watch->view, &watch->books.model, key)) {
		case WISH_QUIT:
			return false;
		case WISH_ASK:
			/* A key that is held down asks no more than once a second. */
			if (watch->books.model.analysed &&
			    clock_ns(CLOCK_MONOTONIC) < watch->books.model.analysed_ns + SECOND)
				break;
			books_tick(&watch->books);
			analyse(watch);
			break;
		case WISH_EDIT:
			edit(watch);
			break;
		case WISH_NOTHING:
			break;
		}
		draw(watch);
	}
	return true;
}

/* Waits for a key, or for the next thing to do. False: the terminal is gone. */
static bool wait_for_key(const struct watch *watch)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	uint64_t now = clock_ns(CLOCK_MONOTONIC), next = watch->tick.next_ns;
	int ms = next > now ? (int)((next - now) / 1000000u) + 1 : 0;

	return poll(&input, 1, ms) <= 0 || !(input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static void watch_until_left(struct watch *watch)
{
	while (!ending_signal) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		bool all_ended = !watch->books.model.running && watch->books.members.count;
		if (now >= watch->tick.next_ns)
			tick(watch);
		/* Without a reason too, a third as often: a child without a socket has no ledger,
		 * and another's first one may be in a folder that nobody knows of. */
		if ((!all_ended || watch->books.members.settings.all) &&
		    now >= watch->search.next_ns +
				    (watch->changed ? 0 : 2 * watch->search.pause_ns))
			search_again(watch);
		/* A last child may have been made since the last search. */
		if (all_ended && !watch->books.model.analysed_end) {
			search_again(watch);
			all_ended = !watch->books.model.running;
		}
		/* The end's findings at once; after them nothing changes any more. */
		if (all_ended ? !watch->books.model.analysed_end
			      : now >= watch->analysis.next_ns && watch->books.members.count)
			analyse(watch);
		if (!wait_for_key(watch) || !keys(watch))
			break;
	}
}

static bool pid_is_good(struct arena *words, const char *text, const char **trouble)
{
	struct proc proc;
	size_t digits = strspn(text, "0123456789");
	uint32_t pid =
		!text[digits] && digits && digits < 10 ? (uint32_t)strtoul(text, NULL, 10) : 0;

	if (!pid) {
		*trouble = arena_printf(words,
					"'%s' is no process id; watch shows running processes, "
					"sockaudit report reads ledgers and folders",
					text);
		return false;
	}
	if (!proc_read(pid, &proc) && proc.state != 'Z' && proc.state != 'X')
		return true;
	*trouble =
		arena_printf(words,
			     "cannot watch process %s: it doesn't run; sockaudit report %s reads "
			     "what it left, if it left a ledger",
			     text, text);
	return false;
}

static bool targets_are_good(struct arena *words, const struct options *options,
			     const char **trouble)
{
	if (options->all == (options->targets[0] != NULL)) {
		*trouble = options->all ? "--all takes no process id"
					: "name a process id, as in sockaudit watch 812, or --all";
		return false;
	}
	for (const char *const *target = options->targets; *target; target++)
		if (!pid_is_good(words, *target, trouble))
			return false;
	return true;
}

static bool colour_wanted(const struct options *options)
{
	const char *none = getenv("NO_COLOR");

	return options->colour == COLOUR_ALWAYS ||
	       (options->colour == COLOUR_AUTO && !(none && *none));
}

static void signals_catch(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

int cmd_watch(const struct options *options)
{
	struct watch watch = { .tick.share = 0.005,
			       .analysis.share = 0.008,
			       .search.share = 0.003 };
	struct arena words = { NULL };
	const char *trouble = NULL;
	int error;

	books_start(&watch.books, options->targets, options->no_children, &options->grace);
	code_prepare(watch.books.code, options->symbol_cache);
	error = targets_are_good(&words, options, &trouble) ? 0 : -EINVAL;
	if (!error)
		error = search(&watch, &words, &trouble);
	/* Nobody runs so far: they will be seen when they come. */
	if (error == -ENOENT && options->all)
		error = 0;
	if (!error)
		error = source_roots_find(&watch.view.roots, options->source_roots);
	if (!error && !terminal_start(colour_wanted(options), &trouble))
		error = -ENOTTY;
	if (error) {
		fprintf(stderr, "sockaudit: %s\n", trouble ? trouble : strerror(-error));
	} else {
		arena_out_of_memory = memory_is_out;
		signals_catch();
		watch_until_left(&watch);
		terminal_stop();
	}
	view_free(&watch.view);
	books_free(&watch.books);
	arena_free(&words);
	/* Who ends us by a signal shall see it; Ctrl-C is a key like q. */
	if (ending_signal && ending_signal != SIGINT) {
		signal(ending_signal, SIG_DFL);
		raise(ending_signal);
	}
	return error ? EXIT_TROUBLE : EXIT_CLEAN;
}
