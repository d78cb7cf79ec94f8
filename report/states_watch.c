/* SPDX-License-Identifier: MIT */
/* Redrawing; see states_watch.h. */
#include "states_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ROWS_DEFAULT 24
/* The alternate screen, no cursor, no wrapping; and back. */
#define SCREEN_ENTER "\033[?1049h\033[?25l\033[?7l"
#define SCREEN_LEAVE "\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

/* Only wakes the wait: the window has another size. */
static void wake(int signal_number)
{
	(void)signal_number;
}

static int write_all(const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(STDOUT_FILENO, text, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

static unsigned rows_of_terminal(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ? ROWS_DEFAULT : size.ws_row;
}

/* Each line over the one that stood there, the rest of the screen emptied; what doesn't fit is left
 * out, and the last line says so. */
static int screen_draw(const char *text)
{
	unsigned rows = rows_of_terminal(), row = 0;
	char *made;
	size_t size;
	FILE *out = open_memstream(&made, &size);

	if (!out)
		return -errno;
	fputs("\033[H", out);
	while (*text && row < rows) {
		size_t length = strcspn(text, "\n");
		bool more = text[length] && text[length + 1];
		fputs(row ? "\r\n" : "", out);
		if (row + 1 == rows && more)
			fputs("\033[7m(more: make the window larger)\033[0m", out);
		else
			fwrite(text, 1, length, out);
		fputs("\033[K", out);
		text += length + (text[length] == '\n');
		row++;
	}
	fputs("\033[J", out);
	int error = fclose(out) ? -errno : 0;
	if (!error)
		error = write_all(made, size);
	free(made);
	return error;
}

static int frame_show(bool terminal, bool first, watch_frame *frame, void *data)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -errno;
	if (!terminal && !first)
		fputc('\n', out);
	int error = frame(data, out);
	if (fclose(out) && !error)
		error = -errno;
	if (!error)
		error = terminal ? screen_draw(text) : write_all(text, size);
	free(text);
	return error;
}

static void wait_for(double seconds, const sigset_t *meanwhile)
{
	struct timespec span = { .tv_sec = (time_t)seconds };

	span.tv_nsec = (long)((seconds - (double)span.tv_sec) * 1e9);
	ppoll(NULL, 0, &span, meanwhile);
}

int watch_run(double seconds, watch_frame *frame, void *data)
{
	bool terminal = isatty(STDOUT_FILENO);
	const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = end };
	sigset_t blocked, before;
	int error = 0;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], &action, NULL);
		sigaddset(&blocked, ends[i]);
	}
	action.sa_handler = wake;
	sigaction(SIGWINCH, &action, NULL);
	sigaddset(&blocked, SIGWINCH);
	/* Signals come while we wait, never into a half-drawn frame. */
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (terminal)
		error = write_all(SCREEN_ENTER, sizeof(SCREEN_ENTER) - 1);
	for (bool first = true; !error && !ended; first = false) {
		error = frame_show(terminal, first, frame, data);
		if (!error)
			wait_for(seconds, &before);
	}
	if (terminal)
		write_all(SCREEN_LEAVE, sizeof(SCREEN_LEAVE) - 1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error == -EPIPE ? 0 : error;
}
