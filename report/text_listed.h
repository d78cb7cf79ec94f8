/* SPDX-License-Identifier: MIT */
/* The list of all sockets in the text report. */
#ifndef TEXT_LISTED_H
#define TEXT_LISTED_H

#include "text_writer.h"

/* Nothing unless the list was asked for. */
void text_listed(struct text *text);

#endif
