/* SPDX-License-Identifier: MIT */
/* A process that has ended, with one place that opens and one that gives evidence: what most rules
 * are tried on. */
#ifndef BUILD_STAGE_H
#define BUILD_STAGE_H

#include "build_analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct stage {
	struct build build;
	stack_id opened, evidence;
	struct analysis analysis;
};

static inline struct stage stage_make(uint64_t lived_ms)
{
	struct stage stage = { .build = build_ledger(42, 7, lived_ms) };
	uint32_t module = build_module(&stage.build, "/app", 0xab);

	stage.opened = build_stack(&stage.build, module, 0x10, 0x20, 0);
	stage.evidence = build_stack(&stage.build, module, 0x30, 0x20, 0);
	return stage;
}

static inline void stage_play(struct stage *stage, long grace_ms)
{
	assert_int_equal(build_analysis(&stage->build, 1, grace_ms, &stage->analysis), 0);
}

static inline void stage_end(struct stage *stage)
{
	analysis_free(&stage->analysis);
	build_free(&stage->build);
}

/* Plays it and expects one finding of `count` sockets. */
static inline void finds(struct stage *stage, long grace_ms, enum finding_rule rule, uint64_t count)
{
	stage_play(stage, grace_ms);
	assert_int_equal(stage->analysis.report.finding_count, 1);
	assert_int_equal(stage->analysis.report.findings[0].rule, rule);
	assert_int_equal(stage->analysis.report.findings[0].count, count);
	stage_end(stage);
}

#endif
