/* SPDX-License-Identifier: MIT */
/* The lines under a process that has no auditor. */
#ifndef TEXT_UNAUDITED_H
#define TEXT_UNAUDITED_H

#include "text_writer.h"

/* Its sockets by state, and those that want a close(), a line each; nothing when it has none. */
void text_unaudited(struct text *text, const struct process *process);

#endif
