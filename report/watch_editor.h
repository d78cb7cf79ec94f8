/* SPDX-License-Identifier: MIT */
/* $EDITOR at a line of source. */
#ifndef WATCH_EDITOR_H
#define WATCH_EDITOR_H

#include "model.h"

/* Whether the frame's source is a file that can be opened; else *hint says why not, for people. */
bool editor_can_open(const struct frame *frame, const char **hint);
/* Runs it and waits for its end; the terminal must have been left. NULL, or what went wrong. */
const char *editor_run(const struct frame *frame);

#endif
