/* SPDX-License-Identifier: MIT */
/*
 * time-wait-churn: places that close first so often that the kernel's TIME_WAIT pile up. Judged by
 * what the rings keep of the last 60 s, TIME_WAIT's life: before now, or before the last of the
 * processes ended.
 */
#ifndef CHURN_H
#define CHURN_H

#include "audit.h"
#include "code.h"
#include "finding_list.h"

/*
 * A place is worth a note when, in those 60 s,
 *  - it closed 1,000 connections first, or as many of its TIME_WAIT stand;
 *  - or ten a second, for ten seconds at least;
 *  - or what stands has taken a tenth of the ephemeral ports toward one destination.
 */
#define CHURN_MANY	   1000u
#define CHURN_PER_SECOND   10u
#define CHURN_LEAST_MS	   10000u
#define CHURN_PORT_PERCENT 10u

/* After time_waits_join(). Adds a finding for each such place. */
void churn_find(struct audit *audit, struct code *code, struct finding_list *list);

#endif
