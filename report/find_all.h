/* SPDX-License-Identifier: MIT */
/* Every finding of a joined and classified audit. */
#ifndef FIND_ALL_H
#define FIND_ALL_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/* Those of sockets (group.c) first, which takes a socket out of the reach of what follows: one
 * socket, one finding. Memory is list->arena and `code`, which must live as long as the findings.
 */
void audit_find(struct audit *audit, struct code *code, struct finding_list *list);

#endif
