/* SPDX-License-Identifier: MIT */
/* Redrawing: --watch. */
#ifndef STATES_WATCH_H
#define STATES_WATCH_H

#include <stdbool.h>
#include <stdio.h>

/* Writes one frame. 0, or -errno, which ends the watch. */
typedef int watch_frame(void *data, FILE *out);

/*
 * Draws a frame every `seconds` until SIGINT, SIGTERM or SIGHUP: on a terminal over the one before,
 * in one write, so that nothing flickers; elsewhere one after the other. Who stops reading ends it
 * too. 0, or -errno of a frame or of writing.
 */
int watch_run(double seconds, watch_frame *frame, void *data);

#endif
