/* SPDX-License-Identifier: MIT */
/* How each process's connections ended, and the sum of the kernel's TIME_WAIT. */
#ifndef ENDINGS_H
#define ENDINGS_H

#include "audit.h"
#include "code.h"

/* After audit_balance(), which makes the report's processes. */
void endings_fill(const struct audit *audit, struct code *code, struct report *report);

#endif
