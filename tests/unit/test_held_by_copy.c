/* SPDX-License-Identifier: MIT */
/* One of a socket's descriptors was closed and a copy stays: when that is a finding, on ledgers
 * made by hand; and since when a FIN is there, as far as poll and epoll told. */
#include "build_analysis.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { CLOSE_WAIT = 8, ESTABLISHED = 1 };

struct stage {
	struct build build;
	stack_id opened, closed;
	struct ledger_slot *slot;
};

/* A copy on number 6; the other descriptor was closed after 100 ms, the process ended after 3 s. */
static struct stage stage_make(uint32_t flags)
{
	struct stage stage = { .build = build_ledger(42, 7, 3000) };
	uint32_t module = build_module(&stage.build, "/app", 0xab);

	stage.opened = build_stack(&stage.build, module, 0x10, 0x20, 0);
	stage.closed = build_stack(&stage.build, module, 0x30, 0x20, 0);
	stage.slot = build_slot(&stage.build, 6, stage.opened);
	stage.slot->origin = ORIGIN_COPY;
	stage.slot->opened_call = CALL_DUP;
	stage.slot->flags |= SOCKET_COPY_CLOSED | flags;
	stage.slot->closed_at = BUILD_MS(100);
	stage.slot->closed_stack = stage.closed;
	stage.slot->closed_call = CALL_CLOSE;
	stage.slot->last_send = BUILD_MS(90); /* handed on by the closed one */
	return stage;
}

/* The finding's rule; RULE_COUNT: silent. */
static enum finding_rule outcome(struct stage *stage, long grace_ms)
{
	struct analysis analysis;
	enum finding_rule rule = RULE_COUNT;

	assert_int_equal(build_analysis(&stage->build, 1, grace_ms, &analysis), 0);
	if (analysis.report.finding_count) {
		assert_int_equal(analysis.report.finding_count, 1);
		assert_int_equal(analysis.report.findings[0].count, 1);
		rule = analysis.report.findings[0].rule;
	}
	analysis_free(&analysis);
	build_free(&stage->build);
	return rule;
}

static void copy_beside_the_working_one_is_found(void **state)
{
	struct stage stage = stage_make(SOCKET_COPY_WORKED);
	struct analysis analysis;

	(void)state;
	assert_int_equal(build_analysis(&stage.build, 1, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = build_finding(&analysis, RULE_HELD_BY_COPY);
	assert_non_null(finding);
	assert_null(finding->evidence.call);
	assert_string_equal(finding->closed.call, "close");
	assert_int_equal(finding->closed.stack->frames[0].offset, 0x2f);
	assert_string_equal(finding->opened.call, "dup");
	assert_int_equal(finding->sockets[0].since_ms, 2900);
	assert_false(finding->sockets[0].since_at_least);
	analysis_free(&analysis);
	build_free(&stage.build);
}

static void its_grace_runs_from_the_close(void **state)
{
	struct stage stage = stage_make(SOCKET_COPY_WORKED);

	(void)state;
	stage.slot->closed_at = BUILD_MS(2500);
	assert_int_equal(outcome(&stage, -1), RULE_COUNT);
}

static void copy_that_goes_on_is_silent(void **state)
{
	uint64_t after = BUILD_MS(101);

	(void)state;
	for (int way = 0; way < 7; way++) {
		struct stage stage = stage_make(SOCKET_COPY_WORKED);
		switch (way) {
		case 0:
			stage.slot->last_receive = after;
			break;
		case 1:
			stage.slot->last_send = after;
			break;
		case 2: /* watched: an idle connection */
			stage.slot->epoll_since = BUILD_MS(50);
			stage.slot->epoll_fd = 4;
			break;
		case 6: /* until its epoll was closed */
			stage.slot->epoll_since = after;
			break;
		case 3:
			stage.slot->connect_at = after;
			break;
		case 4: /* by a call that no hook sees */
		case 5:
			build_snapshot(&stage.build, 6, ESTABLISHED);
			struct ledger_snapshot *snapshot =
				build_record(&stage.build, SECTION_SNAPSHOTS, 0);
			snapshot->last_data_recv_ms = 1000000;
			if (way == 4)
				snapshot->last_data_sent_ms = 1000;
			else
				snapshot->last_data_recv_ms = 1000;
			break;
		}
		assert_int_equal(outcome(&stage, 0), RULE_COUNT);
	}
}

static void request_that_nobody_reads_is_no_work(void **state)
{
	struct stage stage = stage_make(SOCKET_COPY_WORKED);

	(void)state;
	build_snapshot(&stage.build, 6, ESTABLISHED);
	struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
	snapshot->last_data_recv_ms = 1000;
	snapshot->recv_q = 20;
	assert_int_equal(outcome(&stage, -1), RULE_HELD_BY_COPY);
}

static void who_worked_is_unknown_until_the_peer_ends(void **state)
{
	(void)state;
	for (uint8_t tcp_state = ESTABLISHED; tcp_state <= CLOSE_WAIT; tcp_state += 7) {
		struct stage stage = stage_make(0);
		build_snapshot(&stage.build, 6, tcp_state);
		struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
		snapshot->last_data_recv_ms = 1000000;
		snapshot->last_ack_recv_ms = 2000;
		assert_int_equal(outcome(&stage, -1),
				 tcp_state == CLOSE_WAIT ? RULE_HELD_BY_COPY : RULE_COUNT);
	}
	/* The end was read through the closed one: no kernel is needed. */
	struct stage stage = stage_make(0);
	build_eof(stage.slot, BUILD_MS(80), stage.opened);
	assert_int_equal(outcome(&stage, -1), RULE_HELD_BY_COPY);
}

static void end_read_through_the_copy_is_an_eof(void **state)
{
	struct stage stage = stage_make(SOCKET_COPY_WORKED);

	(void)state;
	build_eof(stage.slot, BUILD_MS(200), stage.closed);
	assert_int_equal(outcome(&stage, -1), RULE_EOF);
}

static void standard_streams_listeners_datagrams_are_silent(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct stage stage = stage_make(SOCKET_COPY_WORKED);
		if (way == 0) {
			struct ledger_slot *first = build_slot(&stage.build, 1, stage.opened);
			*first = *stage.slot;
			memset(stage.slot, 0, sizeof(*stage.slot));
		} else if (way == 1) {
			stage.slot->flags |= SOCKET_LISTENING;
		} else {
			stage.slot->type = SOCK_DGRAM;
		}
		assert_int_equal(outcome(&stage, 0), RULE_COUNT);
	}
}

static void one_copy_in_use_speaks_for_all(void **state)
{
	(void)state;
	for (int used_before = 0; used_before < 2; used_before++) {
		struct stage stage = stage_make(SOCKET_COPY_WORKED);
		struct ledger_slot *other = build_slot(&stage.build, 7, stage.opened);
		*other = *stage.slot;
		if (used_before) /* so nobody knows whether the closed one was the one at work */
			other->flags &= ~(uint32_t)SOCKET_COPY_WORKED;
		else
			other->last_receive = BUILD_MS(500);
		assert_int_equal(outcome(&stage, 0), RULE_COUNT);
	}
}

static void fin_was_there_when_epoll_told(void **state)
{
	(void)state;
	for (int own_shutdown = 0; own_shutdown < 2; own_shutdown++) {
		struct stage stage = stage_make(0);
		struct ledger_slot *slot = stage.slot;
		slot->flags = SOCKET_CONNECTED | (own_shutdown ? SOCKET_SHUT_READ : 0);
		slot->told_at = BUILD_MS(1500);
		slot->told_events = POLLIN | POLLRDHUP;
		build_snapshot(&stage.build, 6, CLOSE_WAIT);
		struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
		snapshot->last_data_recv_ms = 2000;
		snapshot->last_ack_recv_ms = 100; /* a window probe, say */
		assert_int_equal(outcome(&stage, -1), own_shutdown ? RULE_COUNT : RULE_FIN_UNREAD);
	}
	/* Still answering: the half-close is at work. */
	struct stage stage = stage_make(0);
	stage.slot->flags = SOCKET_CONNECTED;
	stage.slot->told_at = BUILD_MS(1500);
	stage.slot->told_events = POLLRDHUP;
	stage.slot->last_send = BUILD_MS(2800);
	build_snapshot(&stage.build, 6, CLOSE_WAIT);
	assert_int_equal(outcome(&stage, -1), RULE_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_beside_the_working_one_is_found),
		cmocka_unit_test(its_grace_runs_from_the_close),
		cmocka_unit_test(copy_that_goes_on_is_silent),
		cmocka_unit_test(request_that_nobody_reads_is_no_work),
		cmocka_unit_test(who_worked_is_unknown_until_the_peer_ends),
		cmocka_unit_test(end_read_through_the_copy_is_an_eof),
		cmocka_unit_test(standard_streams_listeners_datagrams_are_silent),
		cmocka_unit_test(one_copy_in_use_speaks_for_all),
		cmocka_unit_test(fin_was_there_when_epoll_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
