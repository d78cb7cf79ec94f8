/* SPDX-License-Identifier: MIT */
#include "run_marks.h"

#include "arena.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* So much of the file was there at that time. */
struct growth {
	uint64_t realtime_ns;
	off_t size;
};

struct run_marks {
	struct arena arena;
	const char *path;
	int watch, stop[2];
	pthread_t thread;
	struct growth *growths;
	size_t count, room;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void growth_note(struct run_marks *marks)
{
	uint64_t now = now_ns();
	struct stat file;

	if (stat(marks->path, &file) ||
	    (marks->count && marks->growths[marks->count - 1].size >= file.st_size))
		return;
	marks->growths = arena_more(&marks->arena, marks->growths, marks->count, &marks->room,
				    sizeof(*marks->growths));
	marks->growths[marks->count++] = (struct growth){ now, file.st_size };
}

static void *watch(void *with)
{
	struct run_marks *marks = with;
	struct pollfd polled[] = { { .fd = marks->watch, .events = POLLIN },
				   { .fd = marks->stop[0], .events = POLLIN } };
	char events[4096];

	while (poll(polled, 2, -1) >= 0 || errno == EINTR) {
		if (polled[0].revents && read(marks->watch, events, sizeof(events)) > 0)
			growth_note(marks);
		if (polled[1].revents)
			break;
	}
	return NULL;
}

struct run_marks *run_marks_watch(const char *path)
{
	struct run_marks *marks = calloc(1, sizeof(*marks));
	sigset_t all, before;

	if (!marks)
		return NULL;
	marks->path = path;
	marks->watch = inotify_init1(IN_CLOEXEC);
	if (marks->watch < 0 || inotify_add_watch(marks->watch, path, IN_MODIFY) < 0 ||
	    pipe2(marks->stop, O_CLOEXEC)) {
		if (marks->watch >= 0)
			close(marks->watch);
		free(marks);
		return NULL;
	}
	/* Signals are for the thread that passes them on. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int error = pthread_create(&marks->thread, NULL, watch, marks);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		return marks;
	close(marks->watch);
	close(marks->stop[0]);
	close(marks->stop[1]);
	free(marks);
	return NULL;
}

static uint64_t noticed_at(const struct run_marks *marks, off_t end)
{
	for (size_t i = 0; i < marks->count; i++)
		if (marks->growths[i].size >= end)
			return marks->growths[i].realtime_ns;
	return now_ns();
}

/* How many fields of digits (and a fraction in the first of two) come before the name. */
static unsigned fields_of(const char *line)
{
	const char *first = line + strspn(line, "0123456789.,");
	bool number = first > line && *first == '\t';
	const char *second = number ? first + 1 + strspn(first + 1, "0123456789") : NULL;

	if (!number)
		return 0;
	return second > first + 1 && *second == '\t' ? 2 : 1;
}

static void line_write(const struct run_marks *marks, const char *line, off_t end, FILE *out)
{
	unsigned fields = fields_of(line);
	uint64_t ns = fields < 2 ? noticed_at(marks, end) : 0;

	if (fields < 2)
		fprintf(out, "%" PRIu64 ".%09" PRIu64 "\t", ns / 1000000000u, ns % 1000000000u);
	if (!fields)
		fputs("0\t", out);
	fputs(line, out);
	if (!strchr(line, '\n'))
		fputc('\n', out);
}

/* Programs may have put something else in its place, which nobody must wait for. */
static FILE *marks_open(const char *path)
{
	struct stat file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return NULL;
	FILE *stream = !fstat(fd, &file) && S_ISREG(file.st_mode) ? fdopen(fd, "r") : NULL;
	if (!stream)
		close(fd);
	return stream;
}

static void rewrite(struct run_marks *marks)
{
	char *fresh = arena_printf(&marks->arena, "%s.timed", marks->path), *line = NULL;
	FILE *in = marks_open(marks->path), *out = in ? fopen(fresh, "wex") : NULL;
	size_t size = 0;
	off_t end = 0;

	for (ssize_t n; in && out && (n = getline(&line, &size, in)) >= 0;) {
		end += n;
		line_write(marks, line, end, out);
	}
	free(line);
	if (in)
		fclose(in);
	if (out && (fclose(out) || rename(fresh, marks->path)))
		unlink(fresh);
}

void run_marks_finish(struct run_marks *marks)
{
	if (!marks)
		return;
	if (write(marks->stop[1], "", 1) == 1)
		pthread_join(marks->thread, NULL);
	growth_note(marks);
	rewrite(marks);
	close(marks->watch);
	close(marks->stop[0]);
	close(marks->stop[1]);
	arena_free(&marks->arena);
	free(marks);
}
