/* SPDX-License-Identifier: MIT */
/* Where the others were closed that were opened at the same line: the best hint that there is. */
#ifndef SIBLINGS_H
#define SIBLINGS_H

#include "audit.h"
#include "code.h"

struct siblings;

/* Gathers every closing place of the members' ledgers. */
struct siblings *siblings_new(const struct audit *audit, struct code *code);
/* Those of a stack's site, whichever way it was reached, most first, into the finding. */
void siblings_fill(struct siblings *siblings, uint32_t opened, struct finding *finding);
void siblings_free(struct siblings *siblings);

#endif
