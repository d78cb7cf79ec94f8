/* SPDX-License-Identifier: MIT */
/* The terminal of the live view; see watch_terminal.h. */
#define NCURSES_WIDECHAR 1
#include "watch_terminal.h"

#include "escape.h"

#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static SCREEN *screen;
static bool coloured;

static void modes_set(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	leaveok(stdscr, TRUE);
	curs_set(0);
}

bool terminal_start(bool colour, const char **trouble)
{
	const char *term = getenv("TERM");

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		*trouble = "watch needs a terminal; use sockaudit report";
		return false;
	}
	if (!term || !*term || !strcmp(term, "dumb")) {
		*trouble = "watch needs a terminal that can move its cursor (TERM is not set, or "
			   "dumb); "
			   "use sockaudit report";
		return false;
	}
	/* Not the rest of the locale: numbers are written with a point. */
	setlocale(LC_CTYPE, "");
	screen = newterm(NULL, stdout, stdin);
	const char *move = screen ? tigetstr("cup") : NULL;
	if (!move || move == (char *)-1) {
		terminal_stop();
		*trouble =
			"watch needs a terminal that can move its cursor, and nothing is known of "
			"this TERM; use sockaudit report";
		return false;
	}
	modes_set();
	coloured = colour && has_colors() && start_color() == OK;
	if (coloured) {
		short back = use_default_colors() == OK ? -1 : COLOR_BLACK;
		init_pair(LOOK_BAD, COLOR_RED, back);
		init_pair(LOOK_CAREFUL, COLOR_YELLOW, back);
		init_pair(LOOK_PLACE, COLOR_CYAN, back);
	}
	return true;
}

void terminal_stop(void)
{
	if (screen && !isendwin())
		endwin();
}

void terminal_leave(void)
{
	/* So that the other program starts below what stood there. */
	terminal_stop();
}

void terminal_return(void)
{
	/* Whatever the other one left: everything is drawn anew. */
	modes_set();
	redrawwin(stdscr);
	refresh();
}

void terminal_size(int *lines, int *columns)
{
	getmaxyx(stdscr, *lines, *columns);
}

void terminal_begin(void)
{
	erase();
}

static attr_t attributes(enum watch_look look)
{
	switch (look) {
	case LOOK_PLAIN:
		return A_NORMAL;
	case LOOK_HEAD:
	case LOOK_SELECTED:
		return A_REVERSE;
	case LOOK_BAD:
	case LOOK_CAREFUL:
		return A_BOLD;
	case LOOK_PLACE:
		return coloured ? A_NORMAL : A_BOLD;
	case LOOK_DIM:
		return A_DIM;
	}
	return A_NORMAL;
}

static short pair_of(enum watch_look look)
{
	bool has = look == LOOK_BAD || look == LOOK_CAREFUL || look == LOOK_PLACE;

	return coloured && has ? (short)look : 0;
}

/* The characters of escaped text that fit, as this terminal's locale can show them. */
static int fit(const char *safe, int width, wchar_t *characters, int *columns)
{
	int count = 0, used = 0, kept = 0, kept_columns = 0;
	uint32_t code;
	size_t length;

	for (; (length = escape_decode(safe, &code)); safe += length) {
		int wide = wcwidth((wchar_t)code);
		if (wide < 0) { /* the locale has no such character */
			code = '?';
			wide = 1;
		}
		if (used + wide > width) {
			characters[kept] = L'~';
			*columns = kept_columns + 1;
			return kept + 1;
		}
		characters[count++] = (wchar_t)code;
		used += wide;
		if (used < width) {
			kept = count;
			kept_columns = used;
		}
	}
	*columns = used;
	return count;
}

int terminal_put(int line, int column, int width, enum watch_look look, const char *text)
{
	int lines, columns, used = 0;

	terminal_size(&lines, &columns);
	if (width > columns - column)
		width = columns - column;
	if (line < 0 || line >= lines || column < 0 || width <= 0)
		return 0;
	char *safe = escape_terminal(text);
	wchar_t *characters = safe ? calloc(strlen(safe) + 2, sizeof(*characters)) : NULL;
	if (characters) {
		int count = fit(safe, width, characters, &used);
		attr_set(attributes(look), pair_of(look), NULL);
		mvaddnwstr(line, column, characters, count);
		attr_set(A_NORMAL, 0, NULL);
	}
	free(characters);
	free(safe);
	return used;
}

void terminal_bar(int line, enum watch_look look)
{
	mvhline(line, 0, ' ' | attributes(look), COLS);
}

void terminal_show(void)
{
	refresh();
}

enum watch_key terminal_key(void)
{
	static const struct {
		int code;
		enum watch_key key;
	} keys[] = {
		{ ERR, WATCH_NO_KEY },
		{ KEY_UP, WATCH_UP },
		{ 'k', WATCH_UP },
		{ KEY_DOWN, WATCH_DOWN },
		{ 'j', WATCH_DOWN },
		{ KEY_PPAGE, WATCH_PAGE_UP },
		{ 2, WATCH_PAGE_UP },
		{ KEY_NPAGE, WATCH_PAGE_DOWN },
		{ 6, WATCH_PAGE_DOWN },
		{ ' ', WATCH_PAGE_DOWN },
		{ KEY_HOME, WATCH_TOP },
		{ 'g', WATCH_TOP },
		{ KEY_END, WATCH_BOTTOM },
		{ 'G', WATCH_BOTTOM },
		{ '\r', WATCH_OPEN },
		{ '\n', WATCH_OPEN },
		{ KEY_ENTER, WATCH_OPEN },
		{ KEY_RIGHT, WATCH_OPEN },
		{ 'l', WATCH_OPEN },
		{ 27, WATCH_BACK },
		{ KEY_LEFT, WATCH_BACK },
		{ 'h', WATCH_BACK },
		{ KEY_BACKSPACE, WATCH_BACK },
		{ 'e', WATCH_EDIT },
		{ 's', WATCH_SORT },
		{ 'r', WATCH_ASK },
		{ '?', WATCH_HELP },
		{ 'q', WATCH_QUIT },
		{ KEY_RESIZE, WATCH_RESIZED },
	};
	int code = getch();

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return WATCH_OTHER;
}
