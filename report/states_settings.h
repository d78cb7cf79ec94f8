/* SPDX-License-Identifier: MIT */
/* The kernel's settings as they stand now. */
#ifndef STATES_SETTINGS_H
#define STATES_SETTINGS_H

#include "arena.h"
#include "states_model.h"

/* As the calling thread's network namespace has them; what can't be read is NULL. */
void states_settings_read(struct arena *arena, struct settings_now *settings);

#endif
