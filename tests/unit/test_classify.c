/* SPDX-License-Identifier: MIT */
/* Rules, precedence and grace, on ledgers made by hand of processes that have ended. */
#include "build_stage.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { CLOSE = 7, CLOSE_WAIT = 8, ESTABLISHED = 1 };

static void is_silent(struct stage *stage, long grace_ms)
{
	stage_play(stage, grace_ms);
	assert_int_equal(stage->analysis.report.finding_count, 0);
	stage_end(stage);
}

static void eof_a_second_before_the_end_is_found(void **state)
{
	struct stage stage = stage_make(2000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(900), stage.evidence);
	finds(&stage, -1, RULE_EOF, 1);
}

static void eof_just_before_the_end_is_silent(void **state)
{
	struct stage stage = stage_make(2000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(1900), stage.evidence);
	is_silent(&stage, -1);
}

static void two_more_sockets_end_the_grace(void **state)
{
	struct stage stage = stage_make(2000);
	uint64_t *openings = build_header(&stage.build)->openings;

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(1900), stage.evidence);
	openings[0] = BUILD_MS(1910);
	openings[1] = BUILD_MS(1920);
	finds(&stage, -1, RULE_EOF, 1);
}

static void one_more_socket_does_not(void **state)
{
	struct stage stage = stage_make(2000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(1900), stage.evidence);
	build_header(&stage.build)->openings[3] = BUILD_MS(1910);
	is_silent(&stage, -1);
}

static void ripe_socket_takes_its_finding_along(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(100), stage.evidence);
	build_eof(build_slot(&stage.build, 6, stage.opened), BUILD_MS(2990), stage.evidence);
	/* Another place: not the same finding. */
	build_eof(build_slot(&stage.build, 7, stage.evidence), BUILD_MS(2990), stage.evidence);
	finds(&stage, -1, RULE_EOF, 2);
}

static void explicit_grace_takes_nobody_along(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(100), stage.evidence);
	build_eof(build_slot(&stage.build, 6, stage.opened), BUILD_MS(2990), stage.evidence);
	finds(&stage, 1500, RULE_EOF, 1);
}

static void ledgers_own_grace_holds_unless_told_otherwise(void **state)
{
	for (int told = 0; told < 2; told++) {
		struct stage stage = stage_make(3000);
		build_header(&stage.build)->grace_given = 1;
		build_header(&stage.build)->grace_ms = 5000;
		build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(100), stage.evidence);
		if (told)
			finds(&stage, 0, RULE_EOF, 1);
		else
			is_silent(&stage, -1);
	}
	(void)state;
}

static void data_sent_after_the_eof_restarts_the_grace(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	build_eof(slot, BUILD_MS(100), stage.evidence);
	slot->last_send = BUILD_MS(2900);
	is_silent(&stage, -1);
}

static void fin_unread_by_the_snapshot(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_slot(&stage.build, 5, stage.opened);
	build_snapshot(&stage.build, 5, CLOSE_WAIT);
	build_slot(&stage.build, 6, stage.opened);
	build_snapshot(&stage.build, 6, ESTABLISHED);
	struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
	snapshot->last_ack_recv_ms = 2000;
	finds(&stage, -1, RULE_FIN_UNREAD, 1);
}

static void fresh_fin_is_silent(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_slot(&stage.build, 5, stage.opened);
	build_snapshot(&stage.build, 5, CLOSE_WAIT);
	is_silent(&stage, -1);
}

static void keepalive_renews_no_grace(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_slot(&stage.build, 5, stage.opened);
	build_snapshot(&stage.build, 5, CLOSE_WAIT);
	struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
	snapshot->keepalive = 1;
	snapshot->last_ack_recv_ms = 10;
	snapshot->last_data_recv_ms = 2500;
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	/* The last data is before the FIN: "at least 2.5 s" would be too much. */
	assert_int_equal(finding->sockets[0].since_ms, 10);
	assert_true(finding->sockets[0].since_at_least);
	stage_end(&stage);
}

static void killed_process_has_no_fin_unread(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_header(&stage.build)->state = LEDGER_RUNNING;
	build_header(&stage.build)->snapshots_taken = 0;
	build_slot(&stage.build, 5, stage.opened);
	build_snapshot(&stage.build, 5, CLOSE_WAIT);
	stage_play(&stage, 0);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	assert_int_equal(stage.analysis.report.processes[0].state, PROCESS_KILLED);
	assert_non_null(strstr(stage.analysis.report.remarks[0], "killed"));
	stage_end(&stage);
}

static void killed_process_died_at_its_youngest_time(void **state)
{
	struct stage stage = stage_make(100);
	struct ledger_slot *other = build_slot(&stage.build, 6, stage.opened);

	(void)state;
	build_header(&stage.build)->state = LEDGER_RUNNING;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(50), stage.evidence);
	other->last_receive = BUILD_MS(1200);
	finds(&stage, -1, RULE_EOF, 1);
}

static void connect_failed_goes_before_all(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	slot->origin = ORIGIN_SOCKET;
	slot->flags = SOCKET_CONNECT_FAILED | SOCKET_CONNECTOR;
	slot->connect_at = BUILD_MS(20);
	slot->connect_errno = ECONNREFUSED;
	slot->connect_call = CALL_CONNECT;
	slot->connect_stack = stage.evidence;
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_CONNECT_FAILED);
	assert_non_null(finding);
	assert_int_equal(finding->evidence.error, ECONNREFUSED);
	assert_string_equal(finding->evidence.call, "connect");
	stage_end(&stage);
}

static void datagram_socket_in_use_after_a_failed_connect_is_silent(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	slot->type = SOCK_DGRAM;
	slot->flags = SOCKET_CONNECT_FAILED | SOCKET_CONNECTOR;
	slot->connect_at = BUILD_MS(20);
	slot->connect_errno = ENETUNREACH;
	slot->last_send = BUILD_MS(30);
	is_silent(&stage, -1);
}

static void shutdown_as_the_last_act(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	build_eof(slot, BUILD_MS(20), stage.evidence);
	slot->shutdown_at = BUILD_MS(30);
	slot->shutdown_stack = stage.evidence;
	slot->shutdown_call = CALL_SHUTDOWN;
	finds(&stage, -1, RULE_SHUTDOWN, 1);
}

static void socket_that_never_connected_was_shut_down_for_nothing(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	slot->flags = 0;
	slot->shutdown_at = BUILD_MS(30);
	build_snapshot(&stage.build, 5, CLOSE);
	is_silent(&stage, 0);
}

static void earlier_of_eof_and_error_decides(void **state)
{
	for (int error_first = 0; error_first < 2; error_first++) {
		struct stage stage = stage_make(3000);
		struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);
		build_eof(slot, BUILD_MS(50), stage.evidence);
		slot->error_at = BUILD_MS(error_first ? 40 : 60);
		slot->error_errno = ECONNRESET;
		slot->error_call = CALL_RECV;
		slot->error_stack = stage.evidence;
		finds(&stage, -1, error_first ? RULE_ERROR : RULE_EOF, 1);
	}
	(void)state;
}

static void listener_is_silent(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_slot(&stage.build, 5, stage.opened)->flags = SOCKET_LISTENING;
	build_snapshot(&stage.build, 5, CLOSE);
	is_silent(&stage, 0);
}

static void gone_descriptor_is_drift(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	build_eof(build_slot(&stage.build, 5, stage.opened), BUILD_MS(50), stage.evidence);
	build_snapshot(&stage.build, 5, 0);
	struct ledger_snapshot *snapshot = build_record(&stage.build, SECTION_SNAPSHOTS, 0);
	snapshot->gone = 1;
	stage_play(&stage, 0);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	assert_int_equal(stage.analysis.report.processes[0].drift, 1);
	assert_int_equal(stage.analysis.report.processes[0].open, 0);
	stage_end(&stage);
}

static void close_that_was_called_is_believed(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	build_eof(slot, BUILD_MS(50), stage.evidence);
	slot->life = 1u << 3 | PHASE_CLOSING;
	is_silent(&stage, 0);
}

static void close_that_was_cancelled_is_not(void **state)
{
	struct stage stage = stage_make(3000);
	struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);

	(void)state;
	build_eof(slot, BUILD_MS(50), stage.evidence);
	slot->life = 1u << 3 | PHASE_CLOSING;
	build_snapshot(&stage.build, 5, CLOSE_WAIT);
	finds(&stage, 0, RULE_EOF, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eof_a_second_before_the_end_is_found),
		cmocka_unit_test(eof_just_before_the_end_is_silent),
		cmocka_unit_test(two_more_sockets_end_the_grace),
		cmocka_unit_test(one_more_socket_does_not),
		cmocka_unit_test(ripe_socket_takes_its_finding_along),
		cmocka_unit_test(explicit_grace_takes_nobody_along),
		cmocka_unit_test(ledgers_own_grace_holds_unless_told_otherwise),
		cmocka_unit_test(data_sent_after_the_eof_restarts_the_grace),
		cmocka_unit_test(fin_unread_by_the_snapshot),
		cmocka_unit_test(fresh_fin_is_silent),
		cmocka_unit_test(keepalive_renews_no_grace),
		cmocka_unit_test(killed_process_has_no_fin_unread),
		cmocka_unit_test(killed_process_died_at_its_youngest_time),
		cmocka_unit_test(connect_failed_goes_before_all),
		cmocka_unit_test(datagram_socket_in_use_after_a_failed_connect_is_silent),
		cmocka_unit_test(shutdown_as_the_last_act),
		cmocka_unit_test(socket_that_never_connected_was_shut_down_for_nothing),
		cmocka_unit_test(earlier_of_eof_and_error_decides),
		cmocka_unit_test(listener_is_silent),
		cmocka_unit_test(gone_descriptor_is_drift),
		cmocka_unit_test(close_that_was_called_is_believed),
		cmocka_unit_test(close_that_was_cancelled_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
