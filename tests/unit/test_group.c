/* SPDX-License-Identifier: MIT */
/* What is one finding and what is one socket, across descriptors, processes and exec(); siblings,
 * fingerprints. */
#include "build_analysis.h"

#include <fingerprint.h>

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* The ends of three calls as the compiler would leave them: two at one line, which it unrolled, and
 * one at the next. Nobody calls it; a ledger made by hand says that somebody did. */
extern const char unrolled_first[], unrolled_second[], next_line[];
__attribute__((noinline, used)) static void unrolled(void)
{
	__asm__ volatile("nop\nunrolled_first: nop\nunrolled_second:");
	__asm__ volatile("nop\nnext_line:");
}

static int load_address(struct dl_phdr_info *info, size_t size, void *address)
{
	(void)size;
	*(uintptr_t *)address = info->dlpi_addr;
	return 1; /* the program comes first */
}

/* This program as a module, with its own debug information, and an address in it. */
static uint32_t build_self(struct build *build)
{
	char path[PATH_MAX] = { 0 };

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	return build_module(build, path, 0);
}

static unsigned self_offset(const char *label)
{
	uintptr_t base;

	dl_iterate_phdr(load_address, &base);
	return (unsigned)((uintptr_t)label - base);
}

static void same_code_in_two_processes_is_one_finding(void **state)
{
	struct build builds[2] = { build_ledger(42, 7, 5000), build_ledger(43, 8, 5000) };
	struct analysis analysis;

	(void)state;
	build_string(&builds[1], "something else first"); /* other numbers for the same code */
	for (int i = 0; i < 2; i++) {
		uint32_t module = build_module(&builds[i], i ? "/copy/of/app" : "/app", 0xab);
		if (i)
			build_stack(&builds[i], module, 0x99, 0);
		stack_id opened = build_stack(&builds[i], module, 0x10, 0x20, 0);
		struct ledger_slot *slot = build_slot(&builds[i], 5, opened);
		slot->cookie = 70 + (uint64_t)i;
		build_eof(slot, BUILD_MS(50), build_stack(&builds[i], module, 0x30, 0));
	}
	assert_int_equal(build_analysis(builds, 2, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	assert_int_equal(analysis.report.findings[0].count, 2);
	assert_int_equal(analysis.report.findings[0].sockets[1].pid, 43);
	analysis_free(&analysis);
	build_free(&builds[0]);
	build_free(&builds[1]);
}

static void code_of_one_line_is_one_finding(void **state)
{
	struct build builds[2] = { build_ledger(42, 7, 5000), build_ledger(43, 8, 5000) };
	const char *const calls[2][2] = { { unrolled_first, unrolled_second },
					  { unrolled_second, next_line } };
	struct analysis analysis;

	(void)state;
	for (int i = 0; i < 2; i++) {
		uint32_t module = build_self(&builds[i]);
		for (int j = 0; j < 2; j++) {
			stack_id stack =
				build_stack(&builds[i], module, self_offset(calls[i][j]), 0);
			struct ledger_slot *slot = build_slot(&builds[i], 5 + j, stack);
			slot->cookie += (uint64_t)i * 100;
			build_eof(slot, BUILD_MS(50), stack);
		}
	}
	assert_int_equal(build_analysis(builds, 2, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 2);
	const struct finding *findings = analysis.report.findings;
	const struct frame *first = &findings[0].opened.stack->frames[0],
			   *second = &findings[1].opened.stack->frames[0];
	assert_string_equal(first->function, "unrolled");
	assert_int_equal(first->line + 1, second->line);
	assert_int_equal(findings[0].count, 3);
	assert_int_equal(findings[1].count, 1);
	analysis_free(&analysis);
	build_free(&builds[0]);
	build_free(&builds[1]);
}

static void code_without_lines_is_told_apart_by_offset(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	struct analysis analysis;

	(void)state;
	/* The same offset in two modules, and another one. */
	const unsigned offsets[] = { 0x10, 0x10, 0x18 };
	for (int i = 0; i < 3; i++) {
		uint32_t module = build_module(&build, "/app", i == 1 ? 0xcd : 0xab);
		stack_id stack = build_stack(&build, module, offsets[i], 0);
		build_eof(build_slot(&build, 5 + i, stack), BUILD_MS(50), stack);
	}
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 3);
	analysis_free(&analysis);
	build_free(&build);
}

static void copies_count_once(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0),
		 copied = build_stack(&build, module, 0x50, 0);
	struct analysis analysis;

	(void)state;
	build_slot(&build, 5, opened);
	struct ledger_slot *copy = build_slot(&build, 6, copied);
	copy->origin = ORIGIN_COPY;
	copy->cookie = 1005;
	build_eof(copy, BUILD_MS(50), build_stack(&build, module, 0x30, 0));
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = &analysis.report.findings[0];
	assert_int_equal(finding->count, 1);
	assert_int_equal(finding->sockets[0].holder_count, 2);
	assert_string_equal(finding->opened.call, "accept4"); /* of the socket, not of its copy */
	assert_int_equal(finding->opened.stack->frames[0].offset, 0xf);
	assert_int_equal(finding->sockets[0].fd, 6); /* who saw the end */
	analysis_free(&analysis);
	build_free(&build);
}

static void copy_of_a_closed_original_was_opened_by_dup(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0),
		 copied = build_stack(&build, module, 0x50, 0);
	struct analysis analysis;

	(void)state;
	build_slot(&build, 5, opened)->life = 1u << 3 | PHASE_GONE;
	struct ledger_slot *copy = build_slot(&build, 6, copied);
	copy->origin = ORIGIN_COPY;
	copy->opened_call = CALL_DUP;
	copy->cookie = 1005;
	build_eof(copy, BUILD_MS(50), build_stack(&build, module, 0x30, 0));
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct finding *finding = build_finding(&analysis, RULE_EOF);
	assert_non_null(finding);
	assert_string_equal(finding->opened.call, "dup");
	assert_int_equal(finding->opened.stack->frames[0].offset, 0x4f);
	analysis_free(&analysis);
	build_free(&build);
}

static void child_that_closed_does_not_speak_for_its_parent(void **state)
{
	struct build builds[2] = { build_ledger(42, 7, 5000), build_ledger(43, 8, 5000) };
	struct analysis analysis;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ledger_slot *slot = build_slot(&builds[i], 5, 0);
		if (i) {
			slot->origin = ORIGIN_INHERITED;
			slot->life = 1u << 3 | PHASE_GONE;
			build_eof(slot, BUILD_MS(50), 0);
		} else {
			build_snapshot(&builds[0], 5, 8);
		}
	}
	assert_int_equal(build_analysis(builds, 2, 0, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	assert_non_null(build_finding(&analysis, RULE_FIN_UNREAD));
	analysis_free(&analysis);
	build_free(&builds[0]);
	build_free(&builds[1]);
}

static void inherited_socket_is_its_parents(void **state)
{
	struct build builds[2] = { build_ledger(42, 7, 5000), build_ledger(43, 8, 5000) };
	struct analysis analysis;
	uint32_t module[2] = { build_module(&builds[0], "/app", 0xab),
			       build_module(&builds[1], "/app", 0xab) };

	(void)state;
	build_slot(&builds[0], 5, build_stack(&builds[0], module[0], 0x10, 0));
	struct ledger_slot *slot =
		build_slot(&builds[1], 5, build_stack(&builds[1], module[1], 0x77, 0));
	slot->origin = ORIGIN_INHERITED;
	build_eof(slot, BUILD_MS(50), build_stack(&builds[1], module[1], 0x30, 0));
	assert_int_equal(build_analysis(builds, 2, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = &analysis.report.findings[0];
	assert_int_equal(finding->rule, RULE_EOF);
	assert_int_equal(finding->count, 1);
	assert_int_equal(finding->sockets[0].pid, 43);
	assert_int_equal(finding->sockets[0].holder_count, 2);
	assert_int_equal(finding->opened.stack->frames[0].offset, 0xf);
	analysis_free(&analysis);
	build_free(&builds[0]);
	build_free(&builds[1]);
}

static void unused_inheritance_is_silent(void **state)
{
	struct build build = build_ledger(43, 8, 5000);
	struct ledger_slot *slot = build_slot(&build, 5, 0);
	struct analysis analysis;

	(void)state;
	slot->origin = ORIGIN_INHERITED;
	build_snapshot(&build, 5, 8);
	assert_int_equal(build_analysis(&build, 1, 0, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 0);
	analysis_free(&analysis);
	build_free(&build);
}

static void adopted_socket_was_opened_before_exec(void **state)
{
	struct build builds[2] = { build_ledger(42, 7, 5000), build_ledger(42, 7, 5000) };
	struct analysis analysis;
	uint32_t before = build_module(&builds[0], "/before", 0x11),
		 after = build_module(&builds[1], "/after", 0x22);

	(void)state;
	build_header(&builds[0])->state = LEDGER_EXEC;
	build_header(&builds[1])->sequence = 1;
	build_slot(&builds[0], 5, build_stack(&builds[0], before, 0x10, 0));
	build_slot(&builds[0], 6,
		   build_stack(&builds[0], before, 0x10, 0)); /* closed by the exec() */
	struct ledger_slot *slot = build_slot(&builds[1], 5, 0);
	slot->origin = ORIGIN_ADOPTED;
	build_eof(slot, BUILD_MS(50), build_stack(&builds[1], after, 0x30, 0));
	assert_int_equal(build_analysis(builds, 2, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	assert_int_equal(analysis.report.process_count, 2);
	assert_int_equal(analysis.report.processes[0].state, PROCESS_EXEC);
	const struct finding *finding = &analysis.report.findings[0];
	assert_int_equal(finding->count, 1);
	assert_string_equal(finding->opened.stack->frames[0].module, "/before");
	assert_string_equal(finding->evidence.stack->frames[0].module, "/after");
	analysis_free(&analysis);
	build_free(&builds[0]);
	build_free(&builds[1]);
}

static void siblings_are_summed_over_a_site(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0x20, 0),
		 other = build_stack(&build, module, 0x10, 0x28, 0);
	stack_id closed = build_stack(&build, module, 0x60, 0),
		 elsewhere = build_stack(&build, module, 0x70, 0);
	struct ledger_stack *record = build_record(&build, SECTION_STACKS, opened);
	struct analysis analysis;

	(void)state;
	record->closers[0] =
		(struct ledger_closer){ .stack = closed, .call = CALL_CLOSE, .count = 900 };
	record->closers[1] =
		(struct ledger_closer){ .stack = elsewhere, .call = CALL_CLOSE, .count = 3 };
	record = build_record(&build, SECTION_STACKS, other);
	record->closers[0] =
		(struct ledger_closer){ .stack = closed, .call = CALL_CLOSE, .count = 58 };
	build_eof(build_slot(&build, 5, opened), BUILD_MS(50), opened);
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct finding *finding = build_finding(&analysis, RULE_EOF);
	assert_non_null(finding);
	assert_int_equal(finding->sibling_count, 2);
	assert_int_equal(finding->siblings[0].count, 958);
	assert_int_equal(finding->siblings[0].closed.stack->frames[0].offset, 0x5f);
	assert_int_equal(finding->siblings[1].count, 3);
	analysis_free(&analysis);
	build_free(&build);
}

static void siblings_are_matched_by_line(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_self(&build);
	const unsigned first = self_offset(unrolled_first), second = self_offset(unrolled_second),
		       other = self_offset(next_line);
	stack_id leaking = build_stack(&build, module, first, 0);
	/* What was opened elsewhere, by someone that this line called, is no sibling. */
	const stack_id opened[] = { leaking, build_stack(&build, module, second, first, 0),
				    build_stack(&build, module, other, first, 0) };
	const stack_id closed[] = { build_stack(&build, module, first, 0),
				    build_stack(&build, module, second, 0),
				    build_stack(&build, module, other, 0) };
	const uint32_t counts[] = { 900, 58, 7 };
	struct analysis analysis;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct ledger_stack *record = build_record(&build, SECTION_STACKS, opened[i]);
		record->closers[0] = (struct ledger_closer){ .stack = closed[i],
							     .call = CALL_CLOSE,
							     .count = counts[i] };
	}
	build_eof(build_slot(&build, 5, leaking), BUILD_MS(50), leaking);
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct finding *finding = build_finding(&analysis, RULE_EOF);
	assert_non_null(finding);
	assert_int_equal(finding->sibling_count, 1);
	assert_int_equal(finding->siblings[0].count, 958);
	analysis_free(&analysis);
	build_free(&build);
}

static void library_frames_are_left_out(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/lib/libsockaudit.so", 0xcc);
	struct analysis analysis;

	(void)state;
	((struct ledger_module *)build_record(&build, SECTION_MODULES, module))->flags =
		MODULE_SELF;
	stack_id stack = build_stack(&build, module, 0x10, 0x20, 0);
	build_eof(build_slot(&build, 5, stack), BUILD_MS(50), stack);
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	assert_int_equal(build_finding(&analysis, RULE_EOF)->evidence.stack->count, 0);
	analysis_free(&analysis);
	build_free(&build);
}

static void double_close_names_all_places(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0),
		 closed = build_stack(&build, module, 0x60, 0);
	stack_id again = build_stack(&build, module, 0x70, 0);
	struct analysis analysis;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t index = build_take(&build, SECTION_MISUSES, 1);
		*(struct ledger_misuse *)build_record(&build, SECTION_MISUSES, index) =
			(struct ledger_misuse){
				.kind = i == 2 ? MISUSE_VOID : MISUSE_DOUBLE_CLOSE,
				.fd = 5,
				.at = BUILD_MS(100),
				.stack = again,
				.opened_stack = opened,
				.closed_stack = closed,
				.call = CALL_CLOSE,
				.opened_call = CALL_ACCEPT,
				.closed_call = CALL_CLOSE,
				.error = EBADF,
				.family = AF_INET,
				.cookie = 5,
			};
	}
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = build_finding(&analysis, RULE_DOUBLE_CLOSE);
	assert_int_equal(finding->count, 1); /* one socket, however often */
	assert_int_equal(finding->evidence.error, EBADF);
	assert_int_equal(finding->closed.stack->frames[0].offset, 0x5f);
	assert_int_equal(finding->opened.stack->frames[0].offset, 0xf);
	analysis_free(&analysis);
	build_free(&build);
}

static void use_after_close_is_a_rule_of_its_own(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	struct analysis analysis;
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0x20, 0),
		 closed = build_stack(&build, module, 0x60, 0x20, 0),
		 used = build_stack(&build, module, 0x70, 0x20, 0);

	(void)state;
	build_take(&build, SECTION_MISUSES, 1);
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t index = build_take(&build, SECTION_MISUSES, 1);
		*(struct ledger_misuse *)build_record(&build, SECTION_MISUSES, index) =
			(struct ledger_misuse){ .kind = i < 2 ? MISUSE_USE_AFTER_CLOSE
							      : MISUSE_VOID,
						.fd = 5,
						.at = BUILD_MS(100),
						.stack = used,
						.opened_stack = opened,
						.closed_stack = closed,
						.call = CALL_SEND,
						.opened_call = CALL_ACCEPT,
						.closed_call = CALL_CLOSE,
						.error = EBADF,
						.family = AF_INET,
						.cookie = 5 + i };
	}
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	assert_int_equal(analysis.report.finding_count, 1);
	const struct finding *finding = build_finding(&analysis, RULE_USE_AFTER_CLOSE);
	assert_int_equal(finding->count, 2);
	assert_string_equal(finding->evidence.call, "send");
	assert_int_equal(finding->evidence.stack->frames[0].offset, 0x6f);
	assert_string_equal(finding->closed.call, "close");
	assert_int_equal(finding->closed.stack->frames[0].offset, 0x5f);
	analysis_free(&analysis);
	build_free(&build);
}

static void close_wait_is_balanced(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	struct analysis analysis;

	(void)state;
	for (int fd = 5; fd < 9; fd++) {
		struct ledger_slot *slot = build_slot(&build, fd, 0);
		if (fd < 7)
			build_eof(slot, BUILD_MS(50), 0);
		build_snapshot(&build, fd, fd == 8 ? 1 : 8);
	}
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct process *process = &analysis.report.processes[0];
	assert_int_equal(process->close_wait, 3);
	assert_int_equal(process->close_wait_found, 2);
	assert_int_equal(process->close_wait_grace, 1);
	assert_int_equal(process->close_wait_unexplained, 0);
	assert_int_equal(process->opened - process->closed, process->open);
	assert_int_equal(analysis.report.states[8], 3);
	analysis_free(&analysis);
	build_free(&build);
}

static void strangers_at_exit_are_unexplained(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	struct analysis analysis;
	/* Twice the same, one that has a slot by another number, one of before, and what was noted
	 * at the beginning. */
	const struct ledger_snapshot strangers[] = {
		{ .fd = 7, .valid = 1, .tcp_state = 8, .cookie = 70 },
		{ .fd = 8, .valid = 1, .tcp_state = 8, .cookie = 70 },
		{ .fd = 9, .valid = 1, .tcp_state = 1, .cookie = 1005 },
		{ .fd = 10, .valid = 1, .cookie = 71, .before = 1 },
		{ .fd = 5, .cookie = 72, .before = 1 },
	};

	(void)state;
	build_slot(&build, 5, 0);
	build_snapshot(&build, 5, 1);
	((struct ledger_snapshot *)build_record(&build, SECTION_SNAPSHOTS, 0))->cookie = 1005;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++)
		*(struct ledger_snapshot *)build_record(&build, SECTION_SNAPSHOTS,
							build_take(&build, SECTION_SNAPSHOTS, 1)) =
			strangers[i];
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct process *process = &analysis.report.processes[0];
	assert_int_equal(process->kernel, 3);
	assert_int_equal(process->explained, 1);
	assert_int_equal(process->unexplained_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(process->unexplained[i].count, 1);
		assert_true(!strcmp(process->unexplained[i].reason, "opened behind libc") ||
			    !strcmp(process->unexplained[i].reason, "opened before the preload"));
	}
	assert_int_equal(process->close_wait, 1);
	assert_int_equal(process->close_wait_unexplained, 1);
	assert_int_equal(analysis.report.states[8], 1);
	assert_int_equal(analysis.report.states[0], 0);
	analysis_free(&analysis);
	build_free(&build);
}

static void drift_has_its_reasons(void **state)
{
	struct build build = build_ledger(42, 7, 5000);
	struct ledger_totals *totals = &build_header(&build)->totals;
	struct analysis analysis;

	(void)state;
	totals->opened = totals->closed = totals->drift = 3;
	totals->drift_by[DRIFT_NUMBER_MET] = 2;
	totals->drift_by[DRIFT_AT_EXIT] = 1;
	totals->drift_by[DRIFT_KINDS - 1] = totals->drift_by[DRIFT_KINDS - 2] = 4;
	assert_int_equal(build_analysis(&build, 1, -1, &analysis), 0);
	const struct process *process = &analysis.report.processes[0];
	assert_int_equal(process->drift_kinds, 3);
	assert_string_equal(process->drift_by[0].reason, "when the number was used again");
	assert_int_equal(process->drift_by[0].count, 2);
	assert_string_equal(process->drift_by[1].reason, "at exit");
	assert_string_equal(process->drift_by[2].reason, "otherwise");
	assert_int_equal(process->drift_by[2].count, 8);
	analysis_free(&analysis);
	build_free(&build);
}

static void normal_name(const char *name, const char *expected)
{
	char text[256];

	function_name_normalise(name, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void names_survive_a_rebuild(void **state)
{
	(void)state;
	normal_name("fetch", "fetch");
	normal_name("fetch.part.0", "fetch");
	normal_name("fetch.constprop.3.isra.1", "fetch");
	normal_name("fetch.cold", "fetch");
	normal_name("fetch [clone .isra.0]", "fetch");
	normal_name("recv@@GLIBC_2.2.5", "recv");
	normal_name("pool<int, std::vector<int> >::take()", "pool::take()");
	normal_name("operator<<(std::ostream&, int)", "operator<<(std::ostream&, int)");
	normal_name("list<int>::operator<(list<int> const&)", "list::operator<(list const&)");
	normal_name("smart<T>::operator->()", "smart::operator->()");
	normal_name("serve()::{lambda(int)#2}::operator()(int) const",
		    "serve()::{lambda(int)}::operator()(int) const");
	normal_name("app::serve::h0123456789abcdef", "app::serve");
	normal_name("<unterminated", "<unterminated");
}

static void fingerprints_tell_places_apart_and_nothing_else(void **state)
{
	struct frame frames[2] = { { .function = "read_all.part.0", .line = 3, .offset = 1 },
				   { .function = "main" } };
	struct frame moved[2] = { { .function = "read_all", .line = 99, .offset = 7 },
				  { .function = "main" } };
	struct stack stack = { frames, 2 }, stack_moved = { moved, 2 }, bare = { frames, 1 };
	struct finding a = { .rule = RULE_EOF, .opened = { .call = "accept", .stack = &stack } };
	struct finding b = { .rule = RULE_EOF,
			     .opened = { .call = "accept4", .stack = &stack_moved } };
	struct finding c = { .rule = RULE_ERROR, .opened = { .call = "accept", .stack = &stack } };
	struct finding d = { .rule = RULE_EOF, .opened = { .call = "accept", .stack = &bare } };
	struct finding e = { .rule = RULE_EOF, .evidence = { .call = "accept", .stack = &stack } };

	(void)state;
	finding_fingerprint(&a);
	finding_fingerprint(&b);
	finding_fingerprint(&c);
	finding_fingerprint(&d);
	finding_fingerprint(&e);
	assert_int_equal(strlen(a.fingerprint), 32);
	assert_true(a.stable);
	assert_string_equal(a.fingerprint, b.fingerprint);
	assert_string_not_equal(a.fingerprint, c.fingerprint);
	assert_string_not_equal(a.fingerprint, d.fingerprint);
	assert_string_not_equal(a.fingerprint, e.fingerprint);
	frames[0].function = NULL;
	frames[0].build_id = "abcd";
	finding_fingerprint(&a);
	assert_false(a.stable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_code_in_two_processes_is_one_finding),
		cmocka_unit_test(code_of_one_line_is_one_finding),
		cmocka_unit_test(code_without_lines_is_told_apart_by_offset),
		cmocka_unit_test(copies_count_once),
		cmocka_unit_test(copy_of_a_closed_original_was_opened_by_dup),
		cmocka_unit_test(child_that_closed_does_not_speak_for_its_parent),
		cmocka_unit_test(inherited_socket_is_its_parents),
		cmocka_unit_test(unused_inheritance_is_silent),
		cmocka_unit_test(adopted_socket_was_opened_before_exec),
		cmocka_unit_test(siblings_are_summed_over_a_site),
		cmocka_unit_test(siblings_are_matched_by_line),
		cmocka_unit_test(library_frames_are_left_out),
		cmocka_unit_test(double_close_names_all_places),
		cmocka_unit_test(use_after_close_is_a_rule_of_its_own),
		cmocka_unit_test(close_wait_is_balanced),
		cmocka_unit_test(strangers_at_exit_are_unexplained),
		cmocka_unit_test(drift_has_its_reasons),
		cmocka_unit_test(names_survive_a_rebuild),
		cmocka_unit_test(fingerprints_tell_places_apart_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
