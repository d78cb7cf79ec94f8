/* SPDX-License-Identifier: MIT */
/* A socket that a process closed, and that a child of it still has: when that is a finding, on two
 * ledgers made by hand of processes that have ended. */
#include "build_analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { CLOSE_WAIT = 8, ESTABLISHED = 1, COOKIE = 1007 };

struct stage {
	struct build builds[2]; /* the parent's, the child's */
	stack_id opened, forked, closed;
	struct ledger_slot *held;     /* the child's descriptor */
	struct ledger_closed *record; /* the parent's close */
	struct ledger_snapshot *snapshot;
};

/* Opened after 10 ms, forked after 20, used after 30, closed after 40; the child ended after 3 s.
 */
static struct stage stage_make(void)
{
	struct stage stage = { .builds = { build_ledger(42, 7, 50),
					   build_ledger(BUILD_CHILD, 8, 3000) } };
	struct ledger_header *child = build_header(&stage.builds[1]);
	uint32_t module = build_module(&stage.builds[0], "/app", 0xab);

	stage.opened = build_stack(&stage.builds[0], module, 0x10, 0x20, 0);
	stage.forked = build_stack(&stage.builds[0], module, 0x50, 0x20, 0);
	stage.closed = build_stack(&stage.builds[0], module, 0x30, 0x20, 0);
	stage.record = build_rings(&stage.builds[0], COOKIE, stage.opened, stage.forked);
	stage.record->closed_stack = stage.closed;
	strcpy(child->comm, "worker");
	child->fork_pid = 42;
	child->fork_at = BUILD_MS(20);
	stage.held = build_slot(&stage.builds[1], COOKIE - 1000, 0);
	stage.held->origin = ORIGIN_INHERITED;
	stage.held->flags |= SOCKET_INHERITED | SOCKET_FOREIGN;
	build_snapshot(&stage.builds[1], COOKIE - 1000, ESTABLISHED);
	stage.snapshot = build_record(&stage.builds[1], SECTION_SNAPSHOTS, 0);
	stage.snapshot->last_data_recv_ms = 1000000;
	stage.snapshot->last_ack_recv_ms = 2950;
	return stage;
}

/* How many sockets are found; nothing else may be. */
static uint64_t found(struct stage *stage, long grace_ms)
{
	struct analysis analysis;
	uint64_t count = 0;

	assert_int_equal(build_analysis(stage->builds, 2, grace_ms, &analysis), 0);
	for (size_t i = 0; i < analysis.report.finding_count; i++) {
		assert_int_equal(analysis.report.findings[i].rule, RULE_HELD_BY_CHILD);
		count += analysis.report.findings[i].count;
	}
	analysis_free(&analysis);
	build_free(&stage->builds[0]);
	build_free(&stage->builds[1]);
	return count;
}

static void used_after_the_fork_and_closed(void **state)
{
	struct stage stage = stage_make();
	struct analysis analysis;

	(void)state;
	assert_int_equal(build_analysis(stage.builds, 2, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = build_finding(&analysis, RULE_HELD_BY_CHILD);
	assert_non_null(finding);
	assert_null(finding->evidence.call);
	assert_string_equal(finding->opened.call, "accept4");
	assert_int_equal(finding->opened.stack->frames[0].offset, 0xf);
	assert_string_equal(finding->fork.call, "fork");
	assert_int_equal(finding->fork.stack->frames[0].offset, 0x4f);
	assert_int_equal(finding->closed.stack->frames[0].offset, 0x2f);
	assert_ptr_equal(finding_site_stack(finding), finding->fork.stack);
	assert_int_equal(finding->child->pid, BUILD_CHILD);
	assert_string_equal(finding->child->comm, "worker");
	assert_int_equal(finding->child->fd, 7);
	assert_int_equal(finding->sockets[0].pid, BUILD_CHILD);
	assert_int_equal(finding->sockets[0].since_ms, 2960);
	assert_string_equal(finding->last_call, "send");
	assert_int_equal(finding->class, 'F');
	analysis_free(&analysis);
	build_free(&stage.builds[0]);
	build_free(&stage.builds[1]);
}

static void without_a_use_after_the_fork_it_takes_the_peers_end(void **state)
{
	(void)state;
	for (int ended = 0; ended < 2; ended++) {
		struct stage stage = stage_make();
		stage.record->last_send = BUILD_MS(15);
		if (ended)
			stage.snapshot->tcp_state = CLOSE_WAIT;
		assert_int_equal(found(&stage, -1), ended);
	}
}

static void child_that_did_anything_is_silent(void **state)
{
	(void)state;
	for (int way = 0; way < 5; way++) {
		struct stage stage = stage_make();
		switch (way) {
		case 0:
			stage.held->last_receive = BUILD_MS(60);
			break;
		case 1:
			stage.held->epoll_fd = 4;
			break;
		case 2: /* by a call that no hook sees */
			stage.snapshot->last_data_sent_ms = 1000;
			break;
		case 3: /* so does one that read what came */
			stage.snapshot->last_data_recv_ms = 1000;
			break;
		case 4: /* handed over by hand */
			stage.held->origin = ORIGIN_RECEIVED;
			stage.held->flags &= ~(uint32_t)SOCKET_INHERITED;
			break;
		}
		assert_int_equal(found(&stage, 0), 0);
	}
}

static void request_that_nobody_reads_is_no_work(void **state)
{
	struct stage stage = stage_make();

	(void)state;
	stage.snapshot->last_data_recv_ms = 1000;
	stage.snapshot->recv_q = 20;
	assert_int_equal(found(&stage, -1), 1);
}

static void standard_streams_listeners_datagrams_are_silent(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct stage stage = stage_make();
		if (way == 0) {
			struct ledger_slot *input =
				build_record(&stage.builds[1], SECTION_SLOTS, 0);
			*input = *stage.held;
			memset(stage.held, 0, sizeof(*stage.held));
			stage.snapshot->fd = 0;
		} else if (way == 1) {
			stage.record->flags |= SOCKET_LISTENING;
		} else {
			stage.record->type = stage.held->type = SOCK_DGRAM;
		}
		assert_int_equal(found(&stage, 0), 0);
	}
}

static void parent_that_has_it_by_another_number_is_silent(void **state)
{
	struct stage stage = stage_make();
	struct ledger_slot *copy = build_slot(&stage.builds[0], 9, stage.opened);

	(void)state;
	copy->cookie = COOKIE;
	copy->origin = ORIGIN_COPY;
	assert_int_equal(found(&stage, 0), 0);
}

static void close_after_the_childs_end_is_silent(void **state)
{
	struct stage stage = stage_make();

	(void)state;
	stage.record->closed_at = BUILD_MS(3001);
	assert_int_equal(found(&stage, 0), 0);
}

static void its_grace_is_the_childs(void **state)
{
	struct stage stage = stage_make();

	(void)state;
	stage.record->closed_at = BUILD_MS(2500);
	assert_int_equal(found(&stage, -1), 0);
	stage = stage_make();
	stage.record->closed_at = BUILD_MS(2500);
	stage.record->last_send = BUILD_MS(2400);
	build_header(&stage.builds[1])->openings[0] = BUILD_MS(2600);
	build_header(&stage.builds[1])->openings[1] = BUILD_MS(2700);
	assert_int_equal(found(&stage, -1), 1);
}

static void nobodys_child_is_known_by_number_owner_and_time(void **state)
{
	(void)state;
	for (int same_number = 0; same_number < 2; same_number++) {
		struct stage stage = stage_make();
		build_header(&stage.builds[1])->fork_pid = 4;
		stage.record->fd = same_number ? 7 : 8;
		assert_int_equal(found(&stage, -1), same_number);
	}
}

static void slot_that_still_stands_does_as_well(void **state)
{
	struct stage stage = stage_make();
	struct ledger_slot *gone = build_slot(&stage.builds[0], 6, stage.opened);

	(void)state;
	stage.record->closed_at = 0;
	gone->cookie = COOKIE;
	gone->life = 1u << 3 | PHASE_GONE;
	gone->closed_at = BUILD_MS(40);
	gone->closed_call = CALL_CLOSE;
	gone->last_receive = BUILD_MS(30);
	assert_int_equal(found(&stage, -1), 1);
	/* Nobody's close() that we know of. */
	stage = stage_make();
	gone = build_slot(&stage.builds[0], 6, stage.opened);
	stage.record->closed_at = 0;
	gone->cookie = COOKIE;
	gone->life = 1u << 3 | PHASE_GONE;
	gone->last_receive = BUILD_MS(30);
	assert_int_equal(found(&stage, -1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(used_after_the_fork_and_closed),
		cmocka_unit_test(without_a_use_after_the_fork_it_takes_the_peers_end),
		cmocka_unit_test(child_that_did_anything_is_silent),
		cmocka_unit_test(request_that_nobody_reads_is_no_work),
		cmocka_unit_test(standard_streams_listeners_datagrams_are_silent),
		cmocka_unit_test(parent_that_has_it_by_another_number_is_silent),
		cmocka_unit_test(close_after_the_childs_end_is_silent),
		cmocka_unit_test(its_grace_is_the_childs),
		cmocka_unit_test(nobodys_child_is_known_by_number_owner_and_time),
		cmocka_unit_test(slot_that_still_stands_does_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
