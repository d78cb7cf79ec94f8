/* SPDX-License-Identifier: MIT */
/* Sockets that break one rule, opened by one stack and found out by one stack, are one finding: by
 * the stacks' lines of source, where these are known. */
#ifndef GROUP_H
#define GROUP_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/* Adds the findings of judged sockets and of misuses; sets judgement->found of the sockets in them.
 */
void audit_group(struct audit *audit, struct code *code, struct finding_list *list);

#endif
