/* SPDX-License-Identifier: MIT */
/*
 * The terminal of the live view: ncurses behind one door. What is put on it is escaped here and cut
 * to its room, so nothing that came from a program steers the terminal or runs over.
 */
#ifndef WATCH_TERMINAL_H
#define WATCH_TERMINAL_H

#include <stdbool.h>

enum watch_look {
	LOOK_PLAIN,
	LOOK_HEAD,     /* bars */
	LOOK_SELECTED, /* the line under the cursor */
	LOOK_BAD,
	LOOK_CAREFUL,
	LOOK_PLACE,
	LOOK_DIM,
};

/* False, with *trouble: no terminal that can show it. */
bool terminal_start(bool colour, const char **trouble);
/* Gives the terminal back as it was; may be called at any time, also twice. */
void terminal_stop(void);
/* For another program that takes the terminal, and back. */
void terminal_leave(void);
void terminal_return(void);
void terminal_size(int *lines, int *columns);

/* A frame: begun, put together, and shown as far as it differs from what stands there. */
void terminal_begin(void);
/* `text`, raw, at a column, in `width` columns of a line; longer text ends with "~". Returns the
 * columns taken. */
int terminal_put(int line, int column, int width, enum watch_look look, const char *text);
/* The whole line in that look, under what is put there afterwards. */
void terminal_bar(int line, enum watch_look look);
void terminal_show(void);

enum watch_key {
	WATCH_NO_KEY,
	WATCH_UP,
	WATCH_DOWN,
	WATCH_PAGE_UP,
	WATCH_PAGE_DOWN,
	WATCH_TOP,
	WATCH_BOTTOM,
	WATCH_OPEN,
	WATCH_BACK,
	WATCH_EDIT,
	WATCH_SORT,
	WATCH_ASK,
	WATCH_HELP,
	WATCH_QUIT,
	WATCH_RESIZED,
	WATCH_OTHER, /* no key of ours */
};

/* The next key that has been pressed; WATCH_NO_KEY: there is none. */
enum watch_key terminal_key(void);

#endif
