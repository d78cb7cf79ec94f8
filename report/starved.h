/* SPDX-License-Identifier: MIT */
/* accept-starved: what died in the queue of a listener whose program doesn't come to accept(). */
#ifndef STARVED_H
#define STARVED_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/* One finding for each listener, however many processes share it. */
void audit_starved(struct audit *audit, struct code *code, struct finding_list *list);

#endif
