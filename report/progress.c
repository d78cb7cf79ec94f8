/* SPDX-License-Identifier: MIT */
/* A thread of its own draws, because the one that works may be in one long call. */
#include "progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS  1000
#define REDRAW_MS 200

static struct {
	bool running;
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows, but for the words */
	pthread_cond_t ended;
	bool end;
	size_t drawn; /* columns */
	/* Each for itself: of two that don't fit together a reader sees nothing amiss. */
	_Atomic(const char *) what;
	atomic_size_t done, all;
} progress;

/* Three digits and a comma, as text reports have it. */
static const char *grouped(char text[32], size_t number)
{
	char plain[24];
	int length = snprintf(plain, sizeof(plain), "%zu", number), at = 0;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = plain[i];
	}
	text[at] = 0;
	return text;
}

static size_t terminal_width(void)
{
	struct winsize size;

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

/* Over what was drawn before, blanks included; NULL: nothing. */
static void draw(const char *text)
{
	char line[512];
	size_t width = terminal_width() - 1, length = text ? strlen(text) : 0, blanks;

	if (length > width)
		length = width;
	if (length > 200)
		length = 200;
	blanks = progress.drawn > length ? progress.drawn - length : 0;
	int size = snprintf(line, sizeof(line), "\r%.*s%*s\r%.*s", (int)length, text ? text : "",
			    (int)blanks, "", (int)length, text ? text : "");
	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		return; /* a terminal that is gone */
	progress.drawn = length;
}

static void words_draw(void)
{
	const char *what = atomic_load(&progress.what);
	size_t done = atomic_load(&progress.done), all = atomic_load(&progress.all);
	char text[256], first[32], second[32];

	if (!what)
		return;
	if (all)
		snprintf(text, sizeof(text), "sockaudit: %s: %s of %s...", what,
			 grouped(first, done), grouped(second, all));
	else
		snprintf(text, sizeof(text), "sockaudit: %s...", what);
	draw(text);
}

static void *drawing(void *unused)
{
	struct timespec until;
	unsigned wait = QUIET_MS;

	pthread_mutex_lock(&progress.lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	while (!progress.end) {
		until.tv_nsec += (long)(wait % 1000) * 1000000;
		until.tv_sec += wait / 1000 + until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_cond_timedwait(&progress.ended, &progress.lock, &until) &&
		    !progress.end)
			words_draw();
		wait = REDRAW_MS;
	}
	pthread_mutex_unlock(&progress.lock);
	return unused;
}

void progress_begin(void)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	/* In the background a line would stand in somebody else's way. */
	if (progress.running || !isatty(STDERR_FILENO) || tcgetpgrp(STDERR_FILENO) != getpgrp())
		return;
	progress.end = false;
	progress.drawn = 0;
	atomic_store(&progress.what, NULL);
	pthread_mutex_init(&progress.lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&progress.ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* Signals are for the thread that works. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	progress.running = !pthread_create(&progress.thread, NULL, drawing, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_tell(const char *what, size_t done, size_t all)
{
	atomic_store(&progress.what, what);
	atomic_store(&progress.done, done);
	atomic_store(&progress.all, all);
}

void progress_end(void)
{
	if (!progress.running)
		return;
	pthread_mutex_lock(&progress.lock);
	progress.end = true;
	pthread_cond_signal(&progress.ended);
	pthread_mutex_unlock(&progress.lock);
	pthread_join(progress.thread, NULL);
	progress.running = false;
	if (progress.drawn)
		draw(NULL);
	pthread_cond_destroy(&progress.ended);
	pthread_mutex_destroy(&progress.lock);
}
