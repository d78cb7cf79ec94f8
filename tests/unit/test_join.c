/* SPDX-License-Identifier: MIT */
/* The join with the real kernel: this process's own sockets on loopback, and a ledger of it made by
 * hand. */
#include "build_analysis.h"

#include <kernel.h>
#include <proc.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
	struct build build;
	char path[64];
	struct analysis analysis;
	int error;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct stage stage_make(void)
{
	struct arena arena = { NULL };
	struct proc self;
	struct stage stage = { .error = 0 };

	assert_int_equal(proc_read((uint32_t)getpid(), &self), 0);
	stage.build = build_ledger((uint32_t)getpid(), self.start_ticks, 10);
	struct ledger_header *header = build_header(&stage.build);
	header->state = LEDGER_RUNNING;
	header->uid = getuid();
	header->net_ns = proc_namespace(0, "net");
	snprintf(header->boot_id, sizeof(header->boot_id), "%s", proc_boot_id(&arena));
	header->clock_last.cycles = header->clock_last.monotonic_ns = now_ns();
	header->clock_start.cycles = header->clock_start.monotonic_ns = now_ns() - 3600000000000u;
	snprintf(stage.path, sizeof(stage.path), "/tmp/sockaudit-join-%d.ledger", getpid());
	arena_free(&arena);
	return stage;
}

/* The slot of a real descriptor. */
static struct ledger_slot *slot_make(struct stage *stage, int fd)
{
	struct ledger_slot *slot = build_slot(&stage->build, fd, 0);
	socklen_t size = sizeof(slot->cookie);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &slot->cookie, &size), 0);
	slot->opened_at = now_ns();
	return slot;
}

static void stage_play(struct stage *stage)
{
	const char *targets[] = { stage->path, NULL };
	struct analysis_settings settings = { .members = { .targets = targets },
					      .grace = { true, 0 } };

	assert_int_equal(build_write(&stage->build, stage->path), 0);
	stage->error = analysis_make(&settings, &stage->analysis);
	assert_int_equal(stage->error, 0);
	assert_true(stage->analysis.report.live);
}

static void stage_end(struct stage *stage)
{
	analysis_free(&stage->analysis);
	build_free(&stage->build);
	unlink(stage->path);
}

/* A connection on loopback: ends[0] the client's, ends[1] the server's. */
static void connection_make(int family, int ends[2])
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t size = sizeof(address);
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
	if (bind(listener, (struct sockaddr *)&address, size)) {
		close(listener);
		skip();
	}
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(listen(listener, 1), 0);
	ends[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&address, size), 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ends[1] >= 0);
	close(listener);
}

static void close_wait_is_found_in_family(int family, const char *peer_start)
{
	struct stage stage = stage_make();
	int ends[2];

	connection_make(family, ends);
	slot_make(&stage, ends[1])->family = (uint16_t)family;
	close(ends[0]);
	stage_play(&stage);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	assert_int_equal(finding->count, 1);
	assert_string_equal(finding->sockets[0].tcp_state, "CLOSE_WAIT");
	assert_int_equal(finding->sockets[0].recv_q, 1); /* the FIN */
	assert_true(finding->sockets[0].inode > 0);
	assert_int_equal(strncmp(finding->sockets[0].peer, peer_start, strlen(peer_start)), 0);
	const struct process *process = &stage.analysis.report.processes[0];
	assert_int_equal(process->close_wait, 1);
	assert_int_equal(process->close_wait_found, 1);
	assert_true(process->coverage_known);
	stage_end(&stage);
	close(ends[1]);
}

static void close_wait_is_found(void **state)
{
	(void)state;
	close_wait_is_found_in_family(AF_INET, "127.0.0.1:");
}

static void close_wait_is_found_over_ipv6(void **state)
{
	(void)state;
	close_wait_is_found_in_family(AF_INET6, "[::1]:");
}

static void established_is_silent_and_explained(void **state)
{
	struct stage stage = stage_make();
	uint64_t unexplained = 0;
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1]);
	stage_play(&stage);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	const struct process *process = &stage.analysis.report.processes[0];
	for (size_t i = 0; i < process->unexplained_count; i++)
		unexplained += process->unexplained[i].count;
	assert_int_equal(process->kernel, process->explained + unexplained);
	assert_true(unexplained >= 1); /* the client's end is in no ledger */
	assert_int_equal(process->explained, 1);
	stage_end(&stage);
	close(ends[0]);
	close(ends[1]);
}

static void socket_that_no_table_lists_is_in_close(void **state)
{
	const struct linger reset = { 1, 0 };
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1]);
	setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(ends[0]);
	stage_play(&stage);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_non_null(finding);
	assert_string_equal(finding->sockets[0].tcp_state, "CLOSE");
	assert_int_equal(stage.analysis.report.states[7], 1);
	stage_end(&stage);
	close(ends[1]);
}

static void other_namespace_is_not_guessed_at(void **state)
{
	const struct linger reset = { 1, 0 };
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1])->net_ns = 12345;
	setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(ends[0]);
	stage_play(&stage);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	stage_end(&stage);
	close(ends[1]);
}

static void number_that_another_socket_took_is_drift(void **state)
{
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1])->cookie ^= 0x8000000;
	close(ends[0]);
	stage_play(&stage);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	assert_int_equal(stage.analysis.report.processes[0].drift, 1);
	stage_end(&stage);
	close(ends[1]);
}

static void number_that_is_closed_is_drift(void **state)
{
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1]);
	close(ends[0]);
	close(ends[1]);
	stage_play(&stage);
	assert_int_equal(stage.analysis.report.finding_count, 0);
	assert_int_equal(stage.analysis.report.processes[0].drift, 1);
	assert_int_equal(stage.analysis.report.processes[0].open, 0);
	stage_end(&stage);
}

static void cancelled_close_leaves_it_open(void **state)
{
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	slot_make(&stage, ends[1])->life = 1u << 3 | PHASE_CLOSING;
	close(ends[0]);
	stage_play(&stage);
	assert_non_null(build_finding(&stage.analysis, RULE_FIN_UNREAD));
	stage_end(&stage);
	close(ends[1]);
}

static void copies_of_one_socket_count_once(void **state)
{
	struct stage stage = stage_make();
	int ends[2];

	(void)state;
	connection_make(AF_INET, ends);
	int copy = dup(ends[1]);
	slot_make(&stage, ends[1]);
	slot_make(&stage, copy)->origin = ORIGIN_COPY;
	close(ends[0]);
	stage_play(&stage);
	const struct finding *finding = build_finding(&stage.analysis, RULE_FIN_UNREAD);
	assert_int_equal(finding->count, 1);
	assert_int_equal(finding->sockets[0].holder_count, 2);
	assert_int_equal(stage.analysis.report.processes[0].close_wait, 1);
	stage_end(&stage);
	close(copy);
	close(ends[1]);
}

static void both_ways_of_asking_agree(void **state)
{
	struct kernel_census diag = { .sockets = NULL }, proc = { .sockets = NULL };
	struct arena arena = { NULL };
	int ends[2], found = 0;

	(void)state;
	connection_make(AF_INET, ends);
	close(ends[0]);
	uint64_t inode = proc_socket_inode((uint32_t)getpid(), ends[1]);
	if (kernel_diag_dump(&arena, &diag))
		skip();
	assert_int_equal(kernel_proc_dump(&arena, (uint32_t)getpid(), &proc), 0);
	for (size_t i = 0; i < diag.count; i++)
		for (size_t j = 0; j < proc.count; j++) {
			const struct kernel_socket *a = &diag.sockets[i], *b = &proc.sockets[j];
			if (a->inode != inode || b->inode != inode)
				continue;
			found++;
			assert_int_equal(a->state, b->state);
			assert_int_equal(a->recv_q, b->recv_q);
			assert_int_equal(a->local_port, b->local_port);
			assert_int_equal(a->peer_port, b->peer_port);
			assert_memory_equal(a->peer, b->peer, 4);
			assert_true(a->ages_known && a->cookie);
		}
	/* While others open and close, the kernel lists a socket twice at times; the census indexes one. */
	assert_true(found >= 1);
	arena_free(&arena);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close_wait_is_found),
		cmocka_unit_test(close_wait_is_found_over_ipv6),
		cmocka_unit_test(established_is_silent_and_explained),
		cmocka_unit_test(socket_that_no_table_lists_is_in_close),
		cmocka_unit_test(other_namespace_is_not_guessed_at),
		cmocka_unit_test(number_that_another_socket_took_is_drift),
		cmocka_unit_test(number_that_is_closed_is_drift),
		cmocka_unit_test(cancelled_close_leaves_it_open),
		cmocka_unit_test(copies_of_one_socket_count_once),
		cmocka_unit_test(both_ways_of_asking_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
