/* SPDX-License-Identifier: MIT */
/* time-wait-churn on ledgers made by hand: from how many on, how fast, for how long, and whose. */
#include "build_analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LIVED = 300000 };

struct stage {
	struct build build;
	stack_id opened, closed, elsewhere;
	uint64_t cookies;
};

static struct stage stage_make(uint32_t pid)
{
	struct stage stage = { .build = build_churning_ledger(pid, 7, LIVED),
			       .cookies = pid * 100000ull };
	uint32_t module = build_module(&stage.build, "/app", 0xab);

	stage.opened = build_stack(&stage.build, module, 0x10, 0x20, 0);
	stage.closed = build_stack(&stage.build, module, 0x30, 0x20, 0);
	stage.elsewhere = build_stack(&stage.build, module, 0x40, 0x20, 0);
	return stage;
}

/* So many closed at one place, evenly from that moment to that one. */
static void closes(struct stage *stage, stack_id closed, unsigned count, uint64_t from_ms,
		   uint64_t to_ms)
{
	for (unsigned i = 0; i < count; i++)
		build_ending(&stage->build, ++stage->cookies,
			     BUILD_MS(from_ms + (to_ms - from_ms) * i / (count - 1)), stage->opened,
			     closed);
}

/* The one finding; none: a count of 0. The facts are read before the analysis ends. */
struct told {
	uint64_t count, rate;
	uint64_t site, opened;
	bool says_accepted, says_connected, silent_of_kernel;
};

static struct told told(struct stage *stages, size_t count)
{
	struct build builds[2];
	struct analysis analysis;
	struct told told = { .count = 0 };

	for (size_t i = 0; i < count; i++)
		builds[i] = stages[i].build;
	assert_int_equal(build_analysis(builds, count, -1, &analysis), 0);
	assert_true(analysis.report.finding_count <= 1);
	assert_false(analysis.report.gating);
	const struct finding *finding = build_finding(&analysis, RULE_CHURN);
	if (finding) {
		told.count = finding->count;
		told.site = finding_site(finding)->offset;
		told.opened = finding->opened.stack->frames[0].offset;
		told.says_accepted = strstr(finding->cause, "we accepted them");
		told.says_connected = strstr(finding->cause, "we connected");
		told.silent_of_kernel = true;
		assert_string_equal(finding->closed.call, "close");
		assert_null(finding->evidence.call);
		for (size_t i = 0; i < finding->fact_count; i++) {
			if (!strcmp(finding->facts[i].key, "per_second"))
				told.rate = finding->facts[i].value;
			if (!strcmp(finding->facts[i].key, "time_wait"))
				told.silent_of_kernel = false;
		}
	}
	assert_false(analysis.report.time_wait.known);
	analysis_free(&analysis);
	for (size_t i = 0; i < count; i++)
		build_free(&stages[i].build);
	return told;
}

static void thousand_in_a_minute_are_told(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 1000, LIVED - 5000, LIVED);
	struct told found = told(&stage, 1);
	assert_int_equal(found.count, 1000);
	assert_int_equal(found.rate, 200);
	assert_int_equal(found.site, 0x2f);
	assert_int_equal(found.opened, 0xf);
	assert_true(found.says_accepted && found.silent_of_kernel);
}

static void fewer_are_silent(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 999, LIVED - 5000, LIVED);
	assert_int_equal(told(&stage, 1).count, 0);
	/* Half of them at another place. */
	stage = stage_make(42);
	closes(&stage, stage.closed, 600, LIVED - 5000, LIVED);
	closes(&stage, stage.elsewhere, 600, LIVED - 5000, LIVED);
	assert_int_equal(told(&stage, 1).count, 0);
}

static void what_is_over_is_silent(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 1500, 1000, LIVED - 61000);
	assert_int_equal(told(&stage, 1).count, 0);
}

static void ten_a_second_for_ten_seconds_are_told(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 121, LIVED - 12000, LIVED);
	assert_int_equal(told(&stage, 1).rate, 10);
	/* For long. */
	stage = stage_make(42);
	closes(&stage, stage.closed, 2000, LIVED - 190000, LIVED);
	assert_int_equal(told(&stage, 1).count, 2000);
	/* Not for long enough; and not fast enough. */
	stage = stage_make(42);
	closes(&stage, stage.closed, 121, LIVED - 9000, LIVED);
	assert_int_equal(told(&stage, 1).count, 0);
	stage = stage_make(42);
	closes(&stage, stage.closed, 110, LIVED - 12000, LIVED);
	assert_int_equal(told(&stage, 1).count, 0);
	stage = stage_make(42);
	closes(&stage, stage.closed, 1200, LIVED - 200000, LIVED);
	assert_int_equal(told(&stage, 1).count, 0);
}

static void workers_count_together(void **state)
{
	(void)state;
	struct stage stages[2] = { stage_make(42), stage_make(43) };
	closes(&stages[0], stages[0].closed, 600, LIVED - 5000, LIVED);
	closes(&stages[1], stages[1].closed, 600, LIVED - 5000, LIVED);
	assert_int_equal(told(stages, 2).count, 1200);
}

/* Only what was closed first leaves TIME_WAIT. */
static void resets_are_none(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 1100, LIVED - 5000, LIVED);
	for (uint32_t i = 0; i < 200; i++) {
		struct ledger_ending *ending = build_record(&stage.build, SECTION_ENDINGS, i);
		ending->end = i % 2 ? END_RESET_UNREAD : END_UNKNOWN;
	}
	assert_int_equal(told(&stage, 1).count, 0);
}

static void who_connects_is_told_of_ports(void **state)
{
	(void)state;
	struct stage stage = stage_make(42);
	closes(&stage, stage.closed, 1100, LIVED - 5000, LIVED);
	for (uint32_t i = 0; i < 1100; i++) {
		struct ledger_ending *ending = build_record(&stage.build, SECTION_ENDINGS, i);
		ending->flags |= SOCKET_CONNECTOR;
	}
	struct told found = told(&stage, 1);
	assert_true(found.says_connected && !found.says_accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousand_in_a_minute_are_told),
		cmocka_unit_test(fewer_are_silent),
		cmocka_unit_test(what_is_over_is_silent),
		cmocka_unit_test(ten_a_second_for_ten_seconds_are_told),
		cmocka_unit_test(workers_count_together),
		cmocka_unit_test(resets_are_none),
		cmocka_unit_test(who_connects_is_told_of_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
