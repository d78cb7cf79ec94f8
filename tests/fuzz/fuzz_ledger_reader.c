/* SPDX-License-Identifier: MIT */
/* Arbitrary bytes as a ledger, through reading, judging, grouping and both renderers; as an ended
 * process, so that no kernel is asked. A libFuzzer target. */
#include "../unit/build_analysis.h"

#include <render.h>
#include <sockaudit/history.h>

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static FILE *nowhere;
static struct build child; /* of the process whose ledger is the input; it holds what that closed */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	nowhere = fopen("/dev/null", "we");
	child = build_ledger(BUILD_CHILD, 8, 901000);
	build_header(&child)->fork_pid = 42;
	build_header(&child)->fork_at = BUILD_MS(20);
	struct ledger_slot *slot = build_slot(&child, 10, 0);
	slot->origin = ORIGIN_INHERITED;
	slot->flags |= SOCKET_INHERITED;
	return nowhere ? 0 : -1;
}

/* A valid ledger to start from: chance alone never finds a section table. */
static size_t seed_ledger(uint8_t *data, size_t most)
{
	struct build build = build_ledger(42, 7, 900000);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0x20, 0),
		 eof = build_stack(&build, module, 0x30, 0);
	struct ledger_stack *stack = build_record(&build, SECTION_STACKS, opened);

	stack->closers[0] = (struct ledger_closer){ .stack = eof, .call = CALL_CLOSE, .count = 9 };
	build_eof(build_slot(&build, 5, opened), BUILD_MS(20), eof);
	struct ledger_slot *slot = build_slot(&build, 9, opened);
	slot->thread = 1;
	slot->epoll_since = BUILD_MS(30);
	slot->aside_stack[0] = (uint8_t)eof;
	build_snapshot(&build, 9, 8);
	((struct ledger_snapshot *)build_record(&build, SECTION_SNAPSHOTS, 0))->recv_q = 9;
	build_thread(&build, 812, 1, 5);
	build_rings(&build, 1010, opened, eof);
	/* A place that grows, and a pool beside it. */
	stack->opened = 70;
	for (int fd = 11; fd < 63; fd++) {
		struct ledger_slot *slot = build_slot(&build, fd, opened);
		slot->origin = ORIGIN_SOCKET;
		slot->flags |= SOCKET_CONNECTOR;
		slot->opened_at = slot->last_receive = BUILD_MS(fd * 14000ull);
		slot->direction = 1;
		slot->exchanges = 3;
		if (fd % 16 == 0)
			build_snapshot(&build, fd, 8);
		if (fd % 4 == 0 && stack->history.count < LEDGER_SAMPLES)
			stack->history.samples[stack->history.count++] =
				HISTORY_MAKE(HISTORY_TIME(slot->opened_at), fd - 10, fd - 8);
	}
	build_header(&build)->refusals[REFUSED_PROCESS] =
		(struct ledger_refusals){ 3, BUILD_MS(30), BUILD_MS(40), eof, CALL_ACCEPT, 64 };
	size_t size = build.size <= most ? build.size : 0;
	for (size_t i = 0; i < size; i++)
		data[i] = build.bytes[i];
	build_free(&build);
	return size;
}

/* Mostly where the structure is: the header, and the beginnings of the sections. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	if (size < sizeof(struct ledger_header)) {
		size_t fresh = seed_ledger(data, most);
		return fresh ? fresh : LLVMFuzzerMutate(data, size, most);
	}
	if (seed % 16 == 0)
		return LLVMFuzzerMutate(data, size, most);
	const struct ledger_header *header = (const struct ledger_header *)data;
	size_t at = 0, length = 1024;
	if (seed % 4) {
		const struct ledger_section *section = &header->sections[seed / 16 % SECTION_COUNT];
		at = section->offset < size ? (size_t)section->offset : 0;
		if (seed % 4 == 2) /* another record than the first */
			at += section->record_size * (size_t)(seed / 128 % 10);
		if (at >= size)
			at = 0;
		length = section->record_size < 64 ? 64 : section->record_size;
	}
	if (length > size - at)
		length = size - at;
	LLVMFuzzerMutate(data + at, length, length);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build builds[] = { { (unsigned char *)data, size }, child };
	struct analysis analysis;

	if (!build_analysis(builds, 2, size % 2 ? 0 : -1, &analysis)) {
		const struct render_settings settings = { .width = 100, .with_stacks = true };
		for (const struct renderer *renderer = renderers; renderer->name; renderer++)
			renderer->render(&analysis.report, &settings, nowhere);
	}
	analysis_free(&analysis);
	return 0;
}
