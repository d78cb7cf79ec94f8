/* SPDX-License-Identifier: MIT */
/* From ledgers made by hand to a report, without files, processes or a kernel. */
#ifndef BUILD_ANALYSIS_H
#define BUILD_ANALYSIS_H

#include "build_ledger.h"
#include <analysis.h>

/* Reports on the ledgers as one family of ended processes. `grace_ms` -1: none given.
 * analysis_free() it, then build_free() the ledgers. 0, or -errno and analysis->trouble. */
int build_analysis(const struct build *builds, size_t count, long grace_ms,
		   struct analysis *analysis);
/* The first finding of a rule; NULL: none. */
const struct finding *build_finding(const struct analysis *analysis, enum finding_rule rule);

#endif
