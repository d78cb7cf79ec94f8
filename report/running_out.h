/* SPDX-License-Identifier: MIT */
/* Processes that met the limit on open descriptors, or will soon. */
#ifndef RUNNING_OUT_H
#define RUNNING_OUT_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/* One finding a process, with the sockets of the place that holds the most, whether another finding
 * tells of them or not. */
void audit_running_out(struct audit *audit, struct code *code, struct finding_list *list);

#endif
