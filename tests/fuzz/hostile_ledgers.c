/* SPDX-License-Identifier: MIT */
/*
 * hostile_ledgers SOCKAUDIT [ROUNDS]: damages a valid ledger in every way that comes to mind and
 * runs the reporter on each. It must answer with a report (exit 0) or with one line on stderr (exit
 * 2), and never die.
 */
#include "../unit/build_ledger.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *reporter;
static char folder[] = "/tmp/sockaudit-hostile-XXXXXX", path[64], log_path[64];
static unsigned passed, failed;

static struct build valid(void)
{
	struct build build = build_ledger(42, 7, 5000);
	uint32_t module = build_module(&build, "/nonexistent/app", 0xab);
	stack_id opened = build_stack(&build, module, 0x10, 0x20, 0),
		 eof = build_stack(&build, module, 0x30, 0);
	struct ledger_stack *stack = build_record(&build, SECTION_STACKS, opened);

	stack->closers[0] = (struct ledger_closer){ .stack = eof, .call = CALL_CLOSE, .count = 9 };
	for (int fd = 5; fd < 12; fd++) {
		struct ledger_slot *slot = build_slot(&build, fd, opened);
		if (fd % 2)
			build_eof(slot, BUILD_MS(20), eof);
		build_snapshot(&build, fd, 8);
		struct ledger_snapshot *snapshot =
			build_record(&build, SECTION_SNAPSHOTS, (uint32_t)fd - 5);
		snapshot->recv_q = fd == 6 ? 9 : 0;
		slot->thread = 1;
		slot->epoll_since = fd == 8 ? BUILD_MS(30) : 0;
		slot->epoll_fd = fd == 8 ? 4 : 0;
		slot->aside_stack[0] = fd == 8 ? (uint8_t)eof : 0;
	}
	build_thread(&build, 812, 1, 5);
	uint32_t index = build_take(&build, SECTION_MISUSES, 1);
	*(struct ledger_misuse *)build_record(&build, SECTION_MISUSES, index) =
		(struct ledger_misuse){
			.kind = MISUSE_DOUBLE_CLOSE, .fd = 5, .at = 1, .stack = eof
		};
	build_rings(&build, 1011, opened, eof);
	stack->opened = 7;
	for (uint64_t i = 0; i < LEDGER_SAMPLES; i++)
		stack->history.samples[i] = BUILD_MS(i * 100) >> 22 << 28 | i << 14 | (i + 1);
	stack->history.count = LEDGER_SAMPLES;
	build_header(&build)->refusals[REFUSED_PROCESS] =
		(struct ledger_refusals){ 3, BUILD_MS(30), BUILD_MS(40), eof, CALL_ACCEPT, 64 };
	return build;
}

static unsigned lines_of_log(void)
{
	unsigned lines = 0;
	FILE *log = fopen(log_path, "re");

	for (int c; log && (c = getc(log)) != EOF;)
		lines += c == '\n';
	if (log)
		fclose(log);
	return lines;
}

static void check(const struct build *build, const char *what, bool must_be_refused)
{
	int status;

	if (build_write(build, path)) {
		perror(path);
		exit(2);
	}
	pid_t child = fork();
	if (!child) {
		int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		int none = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(none, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
		alarm(20); /* loops */
		execl(reporter, "sockaudit", "report", "--format=json", path, NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	bool refused = WIFEXITED(status) && WEXITSTATUS(status) == 2 && lines_of_log() == 1;
	bool reported = WIFEXITED(status) && WEXITSTATUS(status) == 0 && lines_of_log() == 0;
	if (refused || (reported && !must_be_refused)) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s: status %x, %u lines\n", what, (unsigned)status, lines_of_log());
	FILE *log = fopen(log_path, "re");
	char line[256];
	for (int i = 0; i < 8 && log && fgets(line, sizeof(line), log); i++)
		printf("     %s", line);
	if (log)
		fclose(log);
}

static void fields_of_header(const struct build *whole)
{
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };

	for (int id = 0; id < SECTION_COUNT; id++) {
		for (size_t i = 0; i < 5 * sizeof(values) / sizeof(*values); i++) {
			struct build bad = { malloc(whole->size), whole->size };
			memcpy(bad.bytes, whole->bytes, whole->size);
			struct ledger_section *section = &build_header(&bad)->sections[id];
			uint32_t value = values[i / 5];
			switch (i % 5) {
			case 0:
				section->offset = value;
				break;
			case 1:
				section->offset = (uint64_t)value << 32 | 0xffffffff;
				break;
			case 2:
				section->record_size = value;
				break;
			case 3:
				section->capacity = value;
				break;
			case 4:
				section->used = value;
				break;
			}
			check(&bad, "section table", false);
			build_free(&bad);
		}
	}
}

/* Everything that refers refers to itself or to nothing. */
static void loops(const struct build *whole)
{
	struct build bad = { malloc(whole->size), whole->size };

	memcpy(bad.bytes, whole->bytes, whole->size);
	build_header(&bad)->ppid = build_header(&bad)->fork_pid = build_header(&bad)->pid;
	for (uint32_t i = 1; i < 8; i++) {
		struct ledger_stack *stack = build_record(&bad, SECTION_STACKS, i);
		stack->frames = 1;
		stack->frame_count = 0xffff;
		stack->opened = UINT64_MAX;
		memset(&stack->history, 0xff, sizeof(stack->history));
		for (int j = 0; j < LEDGER_CLOSERS; j++)
			stack->closers[j] = (struct ledger_closer){ .stack = i,
								    .call = ~0u,
								    .count = UINT64_MAX };
	}
	memset(build_header(&bad)->refusals, 0xff, sizeof(build_header(&bad)->refusals));
	for (uint32_t i = 0; i < 12; i++) {
		struct ledger_slot *slot = build_record(&bad, SECTION_SLOTS, i);
		slot->cookie = 1;
		slot->group = i + 1;
		slot->opened_stack = slot->eof_stack = 1;
		slot->opened_at = UINT64_MAX;
	}
	check(&bad, "loops", false);
	build_free(&bad);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 200;
	struct build whole = valid();

	if (argc < 2 || !mkdtemp(folder)) {
		fprintf(stderr, "usage: hostile_ledgers SOCKAUDIT [ROUNDS]\n");
		return 2;
	}
	reporter = argv[1];
	snprintf(path, sizeof(path), "%s/42.7.0.ledger", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	check(&whole, "the valid one", false);
	for (size_t size = 0; size < whole.size; size += 4096) {
		struct build bad = whole;
		bad.size = size;
		check(&bad, "truncated", true);
	}
	for (size_t page = 0; page < whole.size; page += 4096) {
		struct build bad = { malloc(whole.size), whole.size };
		memcpy(bad.bytes, whole.bytes, whole.size);
		memset(bad.bytes + page, 0, 4096);
		check(&bad, "a page zeroed", page == 0);
		memset(bad.bytes + page, 0xff, 4096);
		check(&bad, "a page of ones", page == 0);
		build_free(&bad);
	}
	fields_of_header(&whole);
	loops(&whole);
	build_header(&whole)->version = 2;
	check(&whole, "future version", true);
	build_header(&whole)->version = LEDGER_VERSION;
	srandom(1);
	for (unsigned round = 0; round < rounds; round++) {
		struct build bad = { malloc(whole.size), whole.size };
		memcpy(bad.bytes, whole.bytes, whole.size);
		for (unsigned flips = 1 + round % 64; flips; flips--) {
			size_t limit = flips % 2 ? 2048 : whole.size;
			bad.bytes[(size_t)random() % limit] ^= (unsigned char)(1 << random() % 8);
		}
		check(&bad, "bits flipped", false);
		build_free(&bad);
	}
	build_free(&whole);
	unlink(path);
	unlink(log_path);
	rmdir(folder);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
