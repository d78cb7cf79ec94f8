/* SPDX-License-Identifier: MIT */
/* Spins, and why a FIN was not read: the causes and their evidence, on ledgers made by hand of
 * processes that have ended. */
#include "build_stage.h"
#include <last_thread.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { CLOSE_WAIT = 8 };

static void eof_read_a_thousand_times_is_a_spin(void **state)
{
	for (uint32_t less = 0; less < 2; less++) {
		struct stage stage = stage_make(3000);
		struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);
		build_eof(slot, BUILD_MS(50), stage.evidence);
		slot->eof_reads = 1000 - less;
		finds(&stage, -1, less ? RULE_EOF : RULE_EOF_SPIN, 1);
	}
	(void)state;
}

static void spin_goes_before_errors_and_after_shutdown(void **state)
{
	for (int shut = 0; shut < 2; shut++) {
		struct stage stage = stage_make(3000);
		struct ledger_slot *slot = build_slot(&stage.build, 5, stage.opened);
		build_eof(slot, BUILD_MS(50), stage.evidence);
		slot->eof_reads = UINT32_MAX;
		slot->error_at = BUILD_MS(40);
		slot->error_errno = ECONNRESET;
		slot->shutdown_at = shut ? BUILD_MS(60) : 0;
		slot->shutdown_call = CALL_SHUTDOWN;
		finds(&stage, -1, shut ? RULE_SHUTDOWN : RULE_EOF_SPIN, 1);
	}
	(void)state;
}

static void reads_of_all_descriptors_make_a_spin(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	for (int fd = 5; fd < 7; fd++) {
		struct ledger_slot *slot = build_slot(&stage.build, fd, stage.opened);
		slot->cookie = 1;
		build_eof(slot, BUILD_MS(50), stage.evidence);
		slot->eof_reads = fd == 5 ? UINT32_MAX : 500;
	}
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_EOF_SPIN);
	assert_non_null(finding);
	/* Not what is left when the sum wraps. */
	assert_int_equal(finding->sockets[0].eof_reads, UINT32_MAX);
	stage_end(&stage);
}

/* A FIN that was not read, of a socket that was used last by number 1 after 500 ms. */
static struct ledger_slot *used_by_one(struct stage *stage, int fd, uint32_t unread)
{
	struct ledger_slot *slot = build_slot(&stage->build, fd, stage->opened);

	slot->last_receive = BUILD_MS(500);
	slot->last_receive_call = CALL_RECV;
	slot->received = 4;
	slot->direction = 1;
	slot->thread = 1;
	build_snapshot(&stage->build, fd, CLOSE_WAIT);
	struct ledger_snapshot *snapshot =
		build_record(&stage->build, SECTION_SNAPSHOTS,
			     build_header(&stage->build)->sections[SECTION_SNAPSHOTS].used - 1);
	snapshot->recv_q = unread + 1;
	snapshot->last_ack_recv_ms = 2000;
	return slot;
}

static void starved_names_the_thread_of_that_time(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	used_by_one(&stage, 5, 8);
	/* The number's next owner was there only after that. */
	build_thread(&stage.build, 812, 1, 100);
	build_thread(&stage.build, 813, 1, 600);
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	assert_int_equal(finding->class, 'H');
	assert_non_null(strstr(finding->cause, "8 bytes unread"));
	assert_non_null(strstr(finding->cause, "thread 812 (worker), which used it last, made no "
					       "read or write for up to 2 s before the end"));
	assert_null(strstr(finding->cause_timeless, "812"));
	stage_end(&stage);
}

static void thread_that_went_on_is_not_stuck(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	used_by_one(&stage, 5, 8);
	build_thread(&stage.build, 812, 1, 100);
	struct ledger_slot *other = build_slot(&stage.build, 6, stage.opened);
	other->last_send = BUILD_MS(2900);
	other->thread = 1;
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	assert_int_equal(finding->class, 'D');
	assert_non_null(strstr(finding->cause, "went on with other sockets, up to 100 ms"));
	stage_end(&stage);
}

static void thread_that_nobody_knows_is_not_invented(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	used_by_one(&stage, 5, 8);
	build_thread(&stage.build, 812, 2, 100);
	build_thread(&stage.build, 813, 1, 600);
	stage_play(&stage, -1);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	assert_null(strstr(finding->cause, "thread"));
	stage_end(&stage);
}

static void reading_that_was_switched_off_is_the_evidence(void **state)
{
	struct stage stage = stage_make(3000);

	(void)state;
	for (int fd = 5; fd < 8; fd++) {
		struct ledger_slot *slot = used_by_one(&stage, fd, 0);
		slot->epoll_since = BUILD_MS(600);
		slot->epoll_fd = 4;
		slot->epoll_interest = fd == 5 ? 1 : 4; /* EPOLLIN, EPOLLOUT */
		slot->aside_stack[0] = fd == 7 ? 0xff : (uint8_t)stage.evidence; /* out of range */
	}
	stage_play(&stage, -1);
	assert_int_equal(stage.analysis.report.finding_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct finding *finding = &stage.analysis.report.findings[i];
		bool off = finding->evidence.call != NULL;
		assert_int_equal(finding->count, off ? 1 : 2);
		if (off)
			assert_string_equal(finding->evidence.call, "epoll_ctl");
	}
	stage_end(&stage);
}

/* The place of the wait is told, and neither the site nor the grouping is another one's for it. */
static void wait_that_told_is_a_place_beside_the_key(void **state)
{
	struct stage stage;
	char fingerprints[2][sizeof(((struct finding *)0)->fingerprint)];

	(void)state;
	for (int told = 0; told < 2; told++) {
		stage = stage_make(3000);
		for (int fd = 5; fd < 7; fd++) {
			struct ledger_slot *slot = used_by_one(&stage, fd, 0);
			if (!told || fd == 5)
				continue;
			slot->told_events = 0x2000; /* POLLRDHUP */
			slot->told_at = BUILD_MS(900);
			slot->told_call = CALL_RECV;
			slot->told_stack = stage.evidence;
		}
		stage_play(&stage, -1);
		assert_int_equal(stage.analysis.report.finding_count, 1);
		const struct finding *finding = &stage.analysis.report.findings[0];
		assert_int_equal(finding->count, 2);
		assert_null(finding->evidence.call);
		assert_ptr_equal(finding_site_stack(finding), finding->opened.stack);
		if (told)
			assert_string_equal(finding->told.call, "recv");
		else
			assert_null(finding->told.call);
		strcpy(fingerprints[told], finding->fingerprint);
		stage_end(&stage);
	}
	assert_string_equal(fingerprints[0], fingerprints[1]);
}

/* One call that lasts since before the FIN is told; of those, only what is no wait for more work
 * starves the others. */
static void call_that_lasts_longer_than_the_fin_is_told(void **state)
{
	static const struct ledger_thread thread = { .tid = 812, .comm = "worker" };
	const struct member member = { .running = true };
	struct arena arena = { 0 };
	struct last_thread last = { .thread = &thread,
				    .member = &member,
				    .count = 1,
				    .of = 1,
				    .idle_ms = 24000,
				    .went_on = true,
				    .before = true,
				    .peer = "10.0.0.1:80",
				    .place = { .stand = THREAD_BLOCKED,
					       .doing = "waits in connect() on fd 9",
					       .is_held_up = true } };

	(void)state;
	assert_true(last_thread_is_stuck(&last));
	assert_string_equal(last_thread_text(&arena, &last, false),
			    "; thread 812 (worker), which used it last, went on with other "
			    "sockets and for up to 24 s now waits in connect() on fd 9 (to "
			    "10.0.0.1:80)");
	assert_string_equal(last_thread_text(&arena, &last, true),
			    "; thread worker, which used it last, went on with other sockets and "
			    "now waits in connect() on fd 9");
	last.place.is_held_up = false;
	assert_false(last_thread_is_stuck(&last));
	assert_non_null(strstr(last_thread_text(&arena, &last, false), "now waits in"));
	last.place.is_held_up = true;
	last.before = false;
	assert_false(last_thread_is_stuck(&last));
	assert_null(strstr(last_thread_text(&arena, &last, false), "waits"));
	last.before = true;
	last.place.stand = THREAD_WAITS;
	last.place.is_held_up = false;
	assert_false(last_thread_is_stuck(&last));
	assert_null(strstr(last_thread_text(&arena, &last, false), "waits"));
	arena_free(&arena);
}

/* Two ledgers: a parent that accepted, and a child that served its copy and closed it. `how` bends
 * what makes them that. */
static void served_by_a_child_is_told(void **state)
{
	enum { SERVED, UNRELATED, FORKED_BEFORE, NOT_CLOSED, UNUSED, USED_HERE, CIRCLE, HOWS };

	(void)state;
	for (int how = SERVED; how < HOWS; how++) {
		struct build builds[2] = { build_ledger(42, 7, 3000), build_ledger(43, 8, 2000) };
		uint32_t module = build_module(&builds[0], "/app", 0xab);
		stack_id opened = build_stack(&builds[0], module, 0x10, 0x20, 0);
		struct ledger_slot *slot = build_slot(&builds[0], 5, opened);
		slot->cookie = 99;
		slot->last_send = how == USED_HERE ? BUILD_MS(30) : 0;
		build_snapshot(&builds[0], 5, CLOSE_WAIT);
		struct ledger_header *child = build_header(&builds[1]);
		child->fork_pid = how == UNRELATED ? 41 : how == CIRCLE ? 43 : 42;
		child->fork_at = BUILD_MS(how == FORKED_BEFORE ? 5 : 20);
		child->fork_call = CALL_FORK;
		module = build_module(&builds[1], "/app", 0xab);
		child->fork_stack = build_stack(&builds[1], module, 0x50, 0x20, 0);
		slot = build_slot(&builds[1], 5, 0);
		slot->cookie = 99;
		slot->origin = ORIGIN_INHERITED;
		slot->last_receive = how == UNUSED ? 0 : BUILD_MS(100);
		slot->closed_at = BUILD_MS(1000);
		slot->closed_call = how == NOT_CLOSED ? CALL_NONE : CALL_CLOSE;
		slot->life = 1u << 3 | PHASE_GONE;
		struct analysis analysis;
		assert_int_equal(build_analysis(builds, 2, 0, &analysis), 0);
		const struct finding *finding = build_finding(&analysis, RULE_FIN_UNREAD);
		assert_non_null(finding);
		if (how == SERVED) {
			assert_int_equal(finding->class, 'F');
			assert_string_equal(finding->served.call, "fork");
			assert_non_null(finding->fix);
			assert_non_null(strstr(finding->cause, "a child process (pid 43 built) "
							       "served it and closed its copy up "
							       "to 2 s ago"));
			assert_null(strstr(finding->cause_timeless, "43"));
			assert_null(strstr(finding->cause_timeless, "2 s"));
		} else {
			assert_int_not_equal(finding->class, 'F');
			assert_null(finding->served.call);
			assert_null(finding->fix);
			assert_null(strstr(finding->cause, "child"));
		}
		/* Neither the site nor what tells findings apart. */
		assert_ptr_equal(finding_site_stack(finding), finding->opened.stack);
		analysis_free(&analysis);
		for (int i = 0; i < 2; i++)
			build_free(&builds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eof_read_a_thousand_times_is_a_spin),
		cmocka_unit_test(spin_goes_before_errors_and_after_shutdown),
		cmocka_unit_test(reads_of_all_descriptors_make_a_spin),
		cmocka_unit_test(starved_names_the_thread_of_that_time),
		cmocka_unit_test(thread_that_went_on_is_not_stuck),
		cmocka_unit_test(thread_that_nobody_knows_is_not_invented),
		cmocka_unit_test(reading_that_was_switched_off_is_the_evidence),
		cmocka_unit_test(call_that_lasts_longer_than_the_fin_is_told),
		cmocka_unit_test(served_by_a_child_is_told),
		cmocka_unit_test(wait_that_told_is_a_place_beside_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
