/* SPDX-License-Identifier: MIT */
/* Places whose open sockets only grow in number though nothing else tells of them: each is alive.
 */
#ifndef GROWING_H
#define GROWING_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/* After the findings of single sockets, whose sockets don't count here. */
void audit_growing(struct audit *audit, struct code *code, struct finding_list *list);

#endif
