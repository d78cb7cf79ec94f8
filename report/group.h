/* SPDX-License-Identifier: MIT */
/* Sockets that break one rule, opened by one stack and found out by one stack, are one finding: by
 * the stacks' lines of source, where these are known. */
#ifndef GROUP_H
#define GROUP_H

#include "audit.h"
#include "code.h"

/* Makes the findings, sorted; sets judgement->found of the sockets in them. Memory is the audit's
 * arena and `code`, which must live as long as the findings. */
void audit_group(struct audit *audit, struct code *code, struct finding **findings, size_t *count);

#endif
