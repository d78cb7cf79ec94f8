/* SPDX-License-Identifier: MIT */
/* A finding's sockets summed up: kernel states, ages, addresses, who holds them. */
#ifndef TEXT_SOCKETS_H
#define TEXT_SOCKETS_H

#include "text_writer.h"

void text_sockets(struct text *text, const struct finding *finding);

#endif
