/* SPDX-License-Identifier: MIT */
/* From what the user named to a finished report. */
#ifndef ANALYSIS_H
#define ANALYSIS_H

#include "classify.h"
#include "model.h"
#include "processes.h"
#include "run_facts.h"

struct analysis_settings {
	struct members_settings members;
	struct grace grace;
	bool gates[RULE_COUNT];		 /* rules that gate */
	uint64_t most[RULE_COUNT];	 /* so many sockets of a rule don't gate yet */
	const char *const *suppressions; /* files; NULL-terminated; NULL: none */
	const char *baseline;		 /* file; NULL: none */
	const char *symbol_cache;	 /* see symbol_cache.h; NULL: none */
	bool update_baseline;		 /* written rather than read */
	const struct run_facts *run;	 /* NULL: not under run */
	bool sockets;			 /* list them all */
	const char *states; /* only those of these TCP states (state_names.h); NULL: all */
	/* Kept by the caller from one analysis to the next, so that nothing is resolved twice;
	 * NULL: each its own. */
	struct code *code;
	/* Sees the sockets behind the report, while they are there; NULL: nobody. */
	void (*look)(const struct audit *audit, struct code *code, void *looker);
	void *looker;
};

struct analysis {
	struct report report;
	struct members members;
	const char *trouble; /* after a failure, for people */
	struct arena arena;
	struct code *code, *kept; /* `kept` is the caller's */
};

/* 0, or -errno and analysis->trouble. analysis_free() in either case. */
int analysis_make(const struct analysis_settings *settings, struct analysis *analysis);
/* The same of members that have been chosen and read already; without a kernel when nobody of them
 * runs. 0, or -errno and analysis->trouble. */
int analysis_of_members(const struct analysis_settings *settings, struct analysis *analysis);
void analysis_free(struct analysis *analysis);

/* Marks the rules of "rule,rule"; NULL: all of severity error. False: *unknown is no rule (not
 * terminated). */
bool gates_parse(const char *text, bool gates[RULE_COUNT], const char **unknown, int *length);

#endif
