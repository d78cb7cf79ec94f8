/* SPDX-License-Identifier: MIT */
/* The reader believes nothing: what it refuses, what it repairs, and what it reads all the same. */
#include "build_ledger.h"

#include <ledger_reader.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct reading {
	struct arena arena;
	struct ledger *ledger;
	const char *trouble;
	int error;
};

static struct reading read_bytes(const struct build *build)
{
	struct reading reading = { .error = 0 };

	reading.error = ledger_read_bytes(&reading.arena, build->bytes, build->size,
					  &reading.ledger, &reading.trouble);
	return reading;
}

static void refused(struct build *build, const char *trouble)
{
	struct reading reading = read_bytes(build);

	assert_true(reading.error < 0);
	assert_null(reading.ledger);
	assert_non_null(strstr(reading.trouble, trouble));
	arena_free(&reading.arena);
	build_free(build);
}

static struct build typical(uint32_t extra)
{
	struct build build = build_wider_ledger(42, 7, 5000, extra);
	uint32_t module = build_module(&build, "/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0x20, 0),
		 eof = build_stack(&build, module, 0x30, 0);

	build_eof(build_slot(&build, 5, opened), BUILD_MS(20), eof);
	build_slot(&build, 9, opened);
	return build;
}

static void typical_is_read(const struct reading *reading)
{
	const uint64_t *frames;

	assert_int_equal(reading->error, 0);
	assert_int_equal(reading->ledger->slot_count, 2);
	assert_int_equal(reading->ledger->slots[0].fd, 5);
	assert_int_equal(reading->ledger->slots[1].fd, 9);
	const struct ledger_slot *slot = ledger_slot_of(reading->ledger, 5);
	assert_non_null(slot);
	assert_null(ledger_slot_of(reading->ledger, 6));
	assert_int_equal(ledger_frames(reading->ledger, slot->opened_stack, &frames), 2);
	assert_int_equal(FRAME_OFFSET(frames[1]), 0x20);
	const struct ledger_module *module =
		ledger_module_of(reading->ledger, FRAME_MODULE(frames[0]));
	assert_string_equal(ledger_string(reading->ledger, module->path), "/app");
	assert_string_equal(ledger_call(reading->ledger, slot->eof_call), "recv");
	assert_int_equal(reading->ledger->astray, 0);
}

static void whole_ledger_is_read(void **state)
{
	struct build build = typical(0);
	struct reading reading = read_bytes(&build);

	(void)state;
	typical_is_read(&reading);
	arena_free(&reading.arena);
	build_free(&build);
}

static void larger_records_are_read_by_their_beginning(void **state)
{
	struct build build = typical(40);
	struct reading reading = read_bytes(&build);

	(void)state;
	typical_is_read(&reading);
	arena_free(&reading.arena);
	build_free(&build);
}

static void smaller_records_are_refused(void **state)
{
	struct build build = typical(0);

	(void)state;
	build_header(&build)->sections[SECTION_STACKS].record_size -= 8;
	refused(&build, "damaged (stacks of 320 bytes)");
}

static void foreign_file_is_refused(void **state)
{
	struct build build = typical(0), empty = typical(0), zeroed = typical(0);

	(void)state;
	build.bytes[0] = 'X';
	refused(&build, "not a ledger (bad magic)");
	empty.size = 0;
	refused(&empty, "not a ledger (empty)");
	memset(zeroed.bytes, 0, zeroed.size);
	refused(&zeroed, "not a ledger (bad magic)");
}

static void newer_version_is_told(void **state)
{
	struct build build = typical(0);

	(void)state;
	build_header(&build)->version = 2;
	refused(&build, "made by a newer version (2); update sockaudit");
}

static void truncation_anywhere_is_told(void **state)
{
	struct build whole = typical(0);

	(void)state;
	for (size_t size = 0; size < whole.size; size += 512) {
		struct build cut = { malloc(whole.size), size };
		memcpy(cut.bytes, whole.bytes, size);
		refused(&cut, size < 8 ? "not a ledger" : "truncated");
	}
	build_free(&whole);
}

static void sections_beyond_the_file_are_refused(void **state)
{
	struct build offset = typical(0), capacity = typical(0), wrap = typical(0);

	(void)state;
	build_header(&offset)->sections[SECTION_FRAMES].offset = offset.size - 1;
	refused(&offset, "frames reach beyond its end");
	build_header(&capacity)->sections[SECTION_STRINGS].capacity = UINT32_MAX;
	refused(&capacity, "strings reach beyond its end");
	build_header(&wrap)->sections[SECTION_SLOTS].offset = UINT64_MAX - 4;
	refused(&wrap, "slots reach beyond its end");
}

static void references_that_lead_nowhere_are_dropped(void **state)
{
	struct build build = typical(0);
	struct ledger_slot *slot = build_record(&build, SECTION_SLOTS, 5);
	struct ledger_stack *stack = build_record(&build, SECTION_STACKS, 1);
	struct ledger_module *module = build_record(&build, SECTION_MODULES, 1);
	const uint64_t *frames;

	(void)state;
	slot->opened_stack = 0xffffffff;
	stack->frames = 0xfffffff0;
	stack->closers[0].stack = 77;
	module->path = 1 << 30;
	module->build_id_size = 255;
	struct reading reading = read_bytes(&build);
	assert_int_equal(reading.error, 0);
	assert_int_equal(reading.ledger->astray, 3);
	assert_int_equal(ledger_slot_of(reading.ledger, 5)->opened_stack, 0);
	assert_int_equal(ledger_frames(reading.ledger, 1, &frames), 0);
	assert_string_equal(
		ledger_string(reading.ledger, ledger_module_of(reading.ledger, 1)->path), "");
	assert_int_equal(ledger_module_of(reading.ledger, 1)->build_id_size, 0);
	arena_free(&reading.arena);
	build_free(&build);
}

static void counts_beyond_capacity_are_cut(void **state)
{
	struct build build = typical(0);

	(void)state;
	for (int id = 0; id < SECTION_COUNT; id++)
		build_header(&build)->sections[id].used = UINT32_MAX;
	build_header(&build)->max_fd = UINT32_MAX - 1;
	struct reading reading = read_bytes(&build);
	assert_int_equal(reading.error, 0);
	assert_int_equal(reading.ledger->slot_count, 2);
	arena_free(&reading.arena);
	build_free(&build);
}

static void texts_without_an_end_end(void **state)
{
	struct build build = typical(0);
	struct ledger_section *strings = &build_header(&build)->sections[SECTION_STRINGS];

	(void)state;
	strings->used = strings->capacity;
	memset(build_record(&build, SECTION_STRINGS, 0), 'a', strings->capacity);
	memset(build_header(&build)->comm, 'b', 16);
	memset(build_header(&build)->calls, 'c', sizeof(build_header(&build)->calls));
	struct reading reading = read_bytes(&build);
	assert_int_equal(reading.error, 0);
	assert_int_equal(strlen(ledger_string(reading.ledger, 1)), strings->capacity - 1);
	assert_int_equal(strlen(reading.ledger->header.comm), 15);
	assert_int_equal(strlen(ledger_call(reading.ledger, 255)), LEDGER_CALL_NAME - 1);
	arena_free(&reading.arena);
	build_free(&build);
}

static int file_of(const struct build *build)
{
	int fd = memfd_create("ledger", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, build->bytes, build->size), build->size);
	return fd;
}

static void slot_being_filled_is_passed_over(void **state)
{
	struct build build = typical(0);

	(void)state;
	build_header(&build)->state = LEDGER_RUNNING;
	((struct ledger_slot *)build_record(&build, SECTION_SLOTS, 5))->life =
		2u << 3 | PHASE_FILLING;
	struct reading reading = { .error = 0 };
	reading.error = ledger_read_fd(&reading.arena, file_of(&build), "x", &reading.ledger,
				       &reading.trouble);
	assert_int_equal(reading.error, 0);
	assert_int_equal(reading.ledger->slot_count, 1);
	assert_int_equal(reading.ledger->torn, 1);
	ledger_close(reading.ledger);
	arena_free(&reading.arena);
	build_free(&build);
}

static void reread_sees_what_changed(void **state)
{
	struct build build = typical(0);
	struct ledger_slot slot,
		changed = *(struct ledger_slot *)build_record(&build, SECTION_SLOTS, 5);
	struct reading reading = { .error = 0 };
	int fd = file_of(&build);

	(void)state;
	reading.error =
		ledger_read_fd(&reading.arena, dup(fd), "x", &reading.ledger, &reading.trouble);
	assert_int_equal(reading.error, 0);
	assert_true(ledger_reread(reading.ledger, 5, &slot));
	assert_false(ledger_reread(reading.ledger, 6, &slot));
	assert_false(ledger_reread(reading.ledger, -1, &slot));
	assert_false(ledger_reread(reading.ledger, 1 << 30, &slot));
	changed.life = 2u << 3 | PHASE_GONE;
	off_t at = (off_t)build_header(&build)->sections[SECTION_SLOTS].offset +
		   5 * (off_t)sizeof(slot);
	assert_int_equal(pwrite(fd, &changed, sizeof(changed), at), sizeof(changed));
	assert_false(ledger_reread(reading.ledger, 5, &slot));
	/* Cut short behind our back: nothing there, and no signal. */
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_false(ledger_reread(reading.ledger, 9, &slot));
	close(fd);
	ledger_close(reading.ledger);
	arena_free(&reading.arena);
	build_free(&build);
}

static void links_and_folders_are_refused(void **state)
{
	char folder[] = "/tmp/sockaudit-test-XXXXXX", link[64];
	struct arena arena = { NULL };
	struct ledger *ledger;
	const char *trouble;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_true(ledger_read(&arena, link, &ledger, &trouble) < 0);
	assert_non_null(strstr(trouble, "symbolic link"));
	assert_true(ledger_read(&arena, folder, &ledger, &trouble) < 0);
	assert_non_null(strstr(trouble, "not a regular file"));
	unlink(link);
	assert_int_equal(mkfifo(link, 0600), 0);
	assert_true(ledger_read(&arena, link, &ledger, &trouble) < 0);
	assert_non_null(strstr(trouble, "not a regular file"));
	unlink(link);
	rmdir(folder);
	arena_free(&arena);
}

static void terabytes_of_holes_cost_nothing(void **state)
{
	struct build build = typical(0);
	struct ledger_header *header = build_header(&build);
	struct reading reading = { .error = 0 };
	int fd = file_of(&build);

	(void)state;
	header->sections[SECTION_SLOTS] = (struct ledger_section){
		.offset = 1 << 20, .record_size = sizeof(struct ledger_slot), .capacity = 1u << 31
	};
	header->sections[SECTION_FRAMES].used = header->sections[SECTION_FRAMES].capacity = 1u
											    << 31;
	header->sections[SECTION_FRAMES].offset = 1ull << 40;
	header->max_fd = 1u << 31;
	header->file_size = 1ull << 41;
	assert_int_equal(pwrite(fd, header, sizeof(*header), 0), sizeof(*header));
	assert_int_equal(ftruncate(fd, 1ll << 41), 0);
	reading.error = ledger_read_fd(&reading.arena, fd, "x", &reading.ledger, &reading.trouble);
	assert_int_equal(reading.error, 0);
	assert_int_equal(reading.ledger->slot_count, 0);
	ledger_close(reading.ledger);
	arena_free(&reading.arena);
	build_free(&build);
}

static void thread_is_the_latest_of_its_number(void **state)
{
	struct build build = typical(0);

	(void)state;
	/* In the order of a ring that has turned. */
	build_thread(&build, 30, 2, 300);
	build_thread(&build, 31, 1, 400);
	build_thread(&build, 10, 1, 100);
	build_thread(&build, 11, 2, 110);
	build_thread(&build, 12, 0, 50);
	struct reading reading = read_bytes(&build);
	const struct ledger *ledger = reading.ledger;
	assert_int_equal(reading.error, 0);
	assert_int_equal(ledger->thread_count, 5);
	assert_null(ledger_thread_of(ledger, 1, BUILD_MS(99)));
	assert_int_equal(ledger_thread_of(ledger, 1, BUILD_MS(100))->tid, 10);
	assert_int_equal(ledger_thread_of(ledger, 1, BUILD_MS(399))->tid, 10);
	assert_int_equal(ledger_thread_of(ledger, 1, BUILD_MS(9999))->tid, 31);
	assert_int_equal(ledger_thread_of(ledger, 2, BUILD_MS(299))->tid, 11);
	assert_null(ledger_thread_of(ledger, 3, BUILD_MS(9999)));
	assert_null(ledger_thread_of(ledger, 0, BUILD_MS(9999)));
	arena_free(&reading.arena);
	build_free(&build);
}

static void rings_keep_what_is_whole(void **state)
{
	struct build build = typical(0);
	struct ledger_header *header = build_header(&build);

	(void)state;
	/* Eight places, eleven written: three of them twice. One is being written, one has a stack
	 * that does not exist. */
	header->sections[SECTION_FORKS].used = header->sections[SECTION_CLOSED].used = 11;
	header->sections[SECTION_ENDINGS].used = 3;
	for (uint32_t i = 0; i < 8; i++) {
		struct ledger_fork *forked = build_record(&build, SECTION_FORKS, i);
		struct ledger_closed *closed = build_record(&build, SECTION_CLOSED, i);
		*forked = (struct ledger_fork){ .at = i == 2 ? 0 : BUILD_MS(5100 + i),
						.pid = i,
						.stack = i == 3 ? 77 : 1 };
		*closed = (struct ledger_closed){ .closed_at = i == 4 ? 0 : BUILD_MS(5200 + i),
						  .cookie = i,
						  .closed_stack = i == 5 ? 77 : 1 };
	}
	for (uint32_t i = 0; i < 3; i++)
		*(struct ledger_ending *)build_record(&build, SECTION_ENDINGS, i) =
			(struct ledger_ending){ .closed_at = i == 1 ? 0 : BUILD_MS(5300 + i),
						.cookie = i,
						.closed_stack = i == 2 ? 77 : 1 };
	struct reading reading = read_bytes(&build);
	assert_int_equal(reading.error, 0);
	assert_int_equal(reading.ledger->ending_count, 2);
	assert_int_equal(reading.ledger->endings[1].cookie, 2);
	assert_int_equal(reading.ledger->endings[1].closed_stack, 0);
	assert_int_equal(reading.ledger->fork_count, 7);
	assert_int_equal(reading.ledger->forks[2].pid, 3);
	assert_int_equal(reading.ledger->forks[2].stack, 0);
	assert_int_equal(reading.ledger->closed_count, 7);
	assert_int_equal(reading.ledger->closed[4].cookie, 5);
	assert_int_equal(reading.ledger->closed[4].closed_stack, 0);
	assert_int_equal(reading.ledger->astray, 3);
	assert_int_equal(ledger_youngest(reading.ledger), BUILD_MS(5302));
	arena_free(&reading.arena);
	build_free(&build);
}

static void moments_beyond_numbers_are_capped(void **state)
{
	(void)state;
	struct build build = typical(0);
	struct reading reading = read_bytes(&build);
	assert_int_equal(reading.error, 0);
	struct ledger *ledger = reading.ledger;
	const uint64_t base = ledger->header.clock_last.cycles
				      ? ledger->header.clock_last.realtime_ns
				      : ledger->header.clock_start.realtime_ns;
	ledger->ns_per_cycle = 100;
	assert_int_equal(ledger_realtime(ledger, UINT64_MAX), base + (uint64_t)INT64_MAX);
	arena_free(&reading.arena);
	build_free(&build);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ledger_is_read),
		cmocka_unit_test(larger_records_are_read_by_their_beginning),
		cmocka_unit_test(smaller_records_are_refused),
		cmocka_unit_test(foreign_file_is_refused),
		cmocka_unit_test(newer_version_is_told),
		cmocka_unit_test(truncation_anywhere_is_told),
		cmocka_unit_test(sections_beyond_the_file_are_refused),
		cmocka_unit_test(references_that_lead_nowhere_are_dropped),
		cmocka_unit_test(counts_beyond_capacity_are_cut),
		cmocka_unit_test(texts_without_an_end_end),
		cmocka_unit_test(slot_being_filled_is_passed_over),
		cmocka_unit_test(reread_sees_what_changed),
		cmocka_unit_test(links_and_folders_are_refused),
		cmocka_unit_test(thread_is_the_latest_of_its_number),
		cmocka_unit_test(rings_keep_what_is_whole),
		cmocka_unit_test(moments_beyond_numbers_are_capped),
		cmocka_unit_test(terabytes_of_holes_cost_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
