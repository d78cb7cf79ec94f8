/* SPDX-License-Identifier: MIT */
/* The live view's share of an analysis: each open socket, and what the sites sum up to. */
#ifndef WATCH_SOCKETS_H
#define WATCH_SOCKETS_H

#include "watch_books.h"

/* analysis_settings.look: fills the model's sockets, and the sites' half-closed, oldest and
 * uncounted; `books` is struct watch_books. */
void watch_sockets_take(const struct audit *audit, struct code *code, void *books);
/* After the analysis: who is in a finding, and the sites' leaked. */
void watch_sockets_judge(struct watch_books *books);

#endif
