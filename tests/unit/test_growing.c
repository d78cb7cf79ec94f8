/* SPDX-License-Identifier: MIT */
/* Growth over hours, which no test has time for: on ledgers made by hand of processes that have
 * ended. Sockets come one by one, at equal distances. */
#include "build_analysis.h"

#include <errno.h>
#include <setjmp.h>
#include <sockaudit/history.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define MINUTES(n) ((uint64_t)(n)*60000)
#define FIRST_FD   10

struct stage {
	struct build build;
	stack_id opened, closed;
	uint64_t lived_ms;
	int count;
	struct analysis analysis;
};

static struct stage stage_make(uint64_t lived_ms, int count)
{
	struct stage stage = { .build = build_large_ledger(42, 7, lived_ms, 1024),
			       .lived_ms = lived_ms,
			       .count = count };
	uint32_t module = build_module(&stage.build, "/app", 0xab);

	stage.opened = build_stack(&stage.build, module, 0x10, 0x20, 0);
	stage.closed = build_stack(&stage.build, module, 0x30, 0x20, 0);
	return stage;
}

static uint64_t moment(const struct stage *stage, int i)
{
	return stage->lived_ms * (uint64_t)(i + 1) / (uint64_t)(stage->count + 1);
}

static struct ledger_slot *slot_of(struct stage *stage, int i)
{
	return build_record(&stage->build, SECTION_SLOTS, (uint32_t)(FIRST_FD + i));
}

/* Each is opened, says a word, and is never used again; `closed` more were opened and closed. The
 * history tells what the slots do. */
static void sockets_come(struct stage *stage, enum ledger_origin origin, uint64_t closed)
{
	struct ledger_stack *stack = build_record(&stage->build, SECTION_STACKS, stage->opened);

	for (int i = 0; i < stage->count; i++) {
		struct ledger_slot *slot = build_slot(&stage->build, FIRST_FD + i, stage->opened);
		slot->origin = (uint8_t)origin;
		slot->flags |= origin == ORIGIN_SOCKET ? SOCKET_CONNECTOR : 0;
		slot->opened_at = BUILD_MS(moment(stage, i));
		slot->last_send = slot->opened_at + 1000;
		slot->last_receive = slot->opened_at + 2000;
		slot->direction = 1;
		slot->exchanges = 1;
		slot->received = slot->sent = 10;
		build_snapshot(&stage->build, FIRST_FD + i, 1);
	}
	stack->opened = (uint64_t)stage->count + closed;
	stack->closed = closed;
	/* As the library keeps it: in proportion to their age. */
	double age = (double)stage->lived_ms;
	for (int i = 0; i < LEDGER_SAMPLES; i++, age *= 0.6) {
		uint64_t at = stage->lived_ms - (uint64_t)age;
		uint32_t live =
			(uint32_t)((double)stage->count * (double)at / (double)stage->lived_ms);
		stack->history.samples[stack->history.count++] =
			HISTORY_MAKE(HISTORY_TIME(BUILD_MS(at)), history_code(live),
				     history_code(live + (uint32_t)stage->count / 10));
	}
}

static void finds(struct stage *stage, uint64_t count, const char *says)
{
	assert_int_equal(build_analysis(&stage->build, 1, -1, &stage->analysis), 0);
	const struct finding *finding = build_finding(&stage->analysis, RULE_GROWING_SITE);
	assert_int_equal(finding != NULL, count != 0);
	if (finding) {
		assert_int_equal(finding->count, count);
		assert_int_equal(finding->socket_count, count);
		assert_non_null(strstr(finding->cause, says));
	}
	assert_int_equal(stage->analysis.report.finding_count, count != 0);
	analysis_free(&stage->analysis);
	build_free(&stage->build);
}

static void silent(struct stage *stage)
{
	finds(stage, 0, "");
}

static uint64_t fact(const struct finding *finding, const char *key)
{
	for (size_t i = 0; i < finding->fact_count; i++)
		if (!strcmp(finding->facts[i].key, key))
			return finding->facts[i].value;
	return UINT64_MAX;
}

static void accepted_for_hours_and_idle(void **state)
{
	struct stage stage = stage_make(MINUTES(600), 300);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 0);
	finds(&stage, 300, "over 4 h");
}

static void accepted_within_the_hour(void **state)
{
	struct stage stage = stage_make(MINUTES(50), 300);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 0);
	silent(&stage);
}

static void accepted_and_heard_of_now_and_then(void **state)
{
	struct stage stage = stage_make(MINUTES(600), 300);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 0);
	for (int i = 0; i < stage.count; i += 8)
		slot_of(&stage, i)->last_receive = BUILD_MS(stage.lived_ms - 1000);
	silent(&stage);
}

static void accepted_and_proved_alive(void **state)
{
	struct stage stage = stage_make(MINUTES(600), 300);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 0);
	for (int i = 0; i < stage.count; i++) {
		struct ledger_snapshot *snapshot =
			build_record(&stage.build, SECTION_SNAPSHOTS, (uint32_t)i);
		snapshot->keepalive = 1;
	}
	silent(&stage);
}

static void live_set_that_fell_meanwhile(void **state)
{
	struct stage stage = stage_make(MINUTES(600), 300);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 500);
	struct ledger_stack *stack = build_record(&stage.build, SECTION_STACKS, stage.opened);
	uint64_t *sample = &stack->history.samples[LEDGER_SAMPLES - 3];
	*sample = HISTORY_MAKE(HISTORY_AT(*sample), 20, HISTORY_HIGH(*sample));
	silent(&stage);
}

static void connected_one_in_ten_is_kept(void **state)
{
	struct stage stage = stage_make(MINUTES(30), 80);

	(void)state;
	sockets_come(&stage, ORIGIN_SOCKET, 720);
	finds(&stage, 80, "over 10 min");
}

static void connected_and_few(void **state)
{
	struct stage stage = stage_make(MINUTES(30), 40);

	(void)state;
	sockets_come(&stage, ORIGIN_SOCKET, 720);
	silent(&stage);
}

static void connected_none_closed_tells_the_rate(void **state)
{
	struct stage stage = stage_make(MINUTES(60), 200);

	(void)state;
	sockets_come(&stage, ORIGIN_SOCKET, 0);
	assert_int_equal(build_analysis(&stage.build, 1, -1, &stage.analysis), 0);
	const struct finding *finding = build_finding(&stage.analysis, RULE_GROWING_SITE);
	assert_non_null(finding);
	assert_int_equal(fact(finding, "opened"), 200);
	assert_int_equal(fact(finding, "live"), 200);
	assert_int_equal(fact(finding, "closed"), 0);
	assert_in_range(fact(finding, "rate_per_hour"), 195, 205);
	/* Of an ended process nobody knows how many descriptors were in use. */
	assert_int_equal(fact(finding, "seconds_left"), UINT64_MAX);
	analysis_free(&stage.analysis);
	build_free(&stage.build);
}

static void sockets_of_other_findings_do_not_count(void **state)
{
	struct stage stage = stage_make(MINUTES(9), 220);

	(void)state;
	sockets_come(&stage, ORIGIN_SOCKET, 0);
	for (int i = 0; i < 30; i++)
		build_eof(slot_of(&stage, i), slot_of(&stage, i)->last_receive + 1, stage.closed);
	assert_int_equal(build_analysis(&stage.build, 1, -1, &stage.analysis), 0);
	assert_non_null(build_finding(&stage.analysis, RULE_EOF));
	assert_null(build_finding(&stage.analysis, RULE_GROWING_SITE));
	analysis_free(&stage.analysis);
	build_free(&stage.build);
}

static void pool_that_was_filled_and_works(void **state)
{
	struct stage stage = stage_make(MINUTES(1), 240);

	(void)state;
	sockets_come(&stage, ORIGIN_SOCKET, 0);
	/* All were opened in a minute; an hour later one of the newest is still taken out first. */
	build_header(&stage.build)->clock_last.cycles = BUILD_MS(MINUTES(61));
	build_header(&stage.build)->clock_last.monotonic_ns = BUILD_MS(MINUTES(61));
	build_header(&stage.build)->ended_at = BUILD_MS(MINUTES(61));
	slot_of(&stage, 230)->last_receive = BUILD_MS(MINUTES(60));
	silent(&stage);
}

static void refusals_are_told_with_their_place(void **state)
{
	struct stage stage = stage_make(MINUTES(60), 3);
	struct ledger_header *header = build_header(&stage.build);

	(void)state;
	sockets_come(&stage, ORIGIN_ACCEPT, 0);
	header->refusals[REFUSED_SYSTEM] =
		(struct ledger_refusals){ 7, BUILD_MS(10), BUILD_MS(20), stage.closed, CALL_ACCEPT,
					  64 };
	assert_int_equal(build_analysis(&stage.build, 1, -1, &stage.analysis), 0);
	const struct finding *finding = build_finding(&stage.analysis, RULE_RUNNING_OUT);
	assert_non_null(finding);
	assert_int_equal(finding->count, 3);
	assert_int_equal(finding->evidence.error, ENFILE);
	assert_string_equal(finding->evidence.call, "accept4");
	assert_int_equal(fact(finding, "refused"), 7);
	assert_int_equal(fact(finding, "limit"), 64);
	assert_int_equal(fact(finding, "used"), UINT64_MAX);
	assert_non_null(strstr(finding->cause, "7 times"));
	/* Who holds the most is the place to open. */
	assert_int_equal(finding_site(finding)->offset, 0x10 - 1);
	analysis_free(&stage.analysis);
	build_free(&stage.build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted_for_hours_and_idle),
		cmocka_unit_test(accepted_within_the_hour),
		cmocka_unit_test(accepted_and_heard_of_now_and_then),
		cmocka_unit_test(accepted_and_proved_alive),
		cmocka_unit_test(live_set_that_fell_meanwhile),
		cmocka_unit_test(connected_one_in_ten_is_kept),
		cmocka_unit_test(connected_and_few),
		cmocka_unit_test(connected_none_closed_tells_the_rate),
		cmocka_unit_test(sockets_of_other_findings_do_not_count),
		cmocka_unit_test(pool_that_was_filled_and_works),
		cmocka_unit_test(refusals_are_told_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
