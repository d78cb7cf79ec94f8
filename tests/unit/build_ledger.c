/* SPDX-License-Identifier: MIT */
/* Ledgers made by hand; see build_ledger.h. */
#include "build_ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const struct {
	uint32_t size, capacity;
} layout[SECTION_COUNT] = {
	[SECTION_SLOTS] = { sizeof(struct ledger_slot), 64 },
	[SECTION_STACKS] = { sizeof(struct ledger_stack), 32 },
	[SECTION_FRAMES] = { sizeof(uint64_t), 256 },
	[SECTION_MODULES] = { sizeof(struct ledger_module), 8 },
	[SECTION_STRINGS] = { 1, 1024 },
	[SECTION_MISUSES] = { sizeof(struct ledger_misuse), 8 },
	[SECTION_SNAPSHOTS] = { sizeof(struct ledger_snapshot), 64 },
	[SECTION_FORKS] = { sizeof(struct ledger_fork), 8 },
	[SECTION_CLOSED] = { sizeof(struct ledger_closed), 8 },
	[SECTION_THREADS] = { sizeof(struct ledger_thread), 8 },
	[SECTION_MARKS] = { sizeof(struct ledger_mark), 8 },
	[SECTION_ENDINGS] = { sizeof(struct ledger_ending), 8 },
};

struct ledger_header *build_header(struct build *build)
{
	return (struct ledger_header *)build->bytes;
}

void *build_record(struct build *build, enum ledger_section_id section, uint32_t index)
{
	struct ledger_section *entry = &build_header(build)->sections[section];

	return build->bytes + entry->offset + (size_t)index * entry->record_size;
}

uint32_t build_take(struct build *build, enum ledger_section_id section, uint32_t count)
{
	struct ledger_section *entry = &build_header(build)->sections[section];
	uint32_t first = entry->used;

	if (first + count > entry->capacity)
		abort();
	entry->used += count;
	return first;
}

static struct build build_any(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms, uint32_t extra,
			      uint32_t endings, uint32_t slots)
{
	static const char *const calls[] = { "",      "socket",	 "accept4",  "recv", "send",
					     "close", "connect", "shutdown", "dup",  "fork" };
	struct build build = { .size = 8192 };
	struct ledger_header header = { .magic = LEDGER_MAGIC, .version = LEDGER_VERSION };

	for (int id = 0; id < SECTION_COUNT; id++) {
		uint32_t size = layout[id].size +
				(id == SECTION_STRINGS || id == SECTION_FRAMES ? 0 : extra);
		uint32_t capacity = id == SECTION_ENDINGS ? endings
				    : id == SECTION_SLOTS || id == SECTION_SNAPSHOTS
					    ? slots
					    : layout[id].capacity;
		header.sections[id] = (struct ledger_section){ .offset = build.size,
							       .record_size = size,
							       .capacity = capacity,
							       .used = id < SECTION_MISUSES };
		build.size += (size_t)size * capacity;
		build.size = (build.size + 4095) / 4096 * 4096;
	}
	header.sections[SECTION_SLOTS].used = 0;
	header.header_size = sizeof(header);
	header.byte_order = LEDGER_BYTE_ORDER;
	header.machine = 62;
	header.word_size = 64;
	header.file_size = build.size;
	header.pid = pid;
	header.ppid = 1;
	header.start_ticks = start_ticks;
	header.cycles_kind = 3; /* nanoseconds, whatever the machine */
	strcpy(header.comm, "built");
	strcpy(header.boot_id, "00000000-0000-0000-0000-000000000000");
	header.clock_start =
		(struct ledger_clock){ BUILD_START, BUILD_START, 1767225600000000000ull };
	header.clock_last = (struct ledger_clock){ BUILD_MS(lived_ms), BUILD_MS(lived_ms),
						   1767225600000000000ull + lived_ms * 1000000ull };
	header.nofile_soft = 1024;
	header.state = LEDGER_EXITED;
	header.ended_at = BUILD_MS(lived_ms);
	header.snapshots_taken = 1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		strcpy(header.calls[i], calls[i]);
	build.bytes = calloc(1, build.size);
	if (!build.bytes)
		abort();
	memcpy(build.bytes, &header, sizeof(header));
	return build;
}

struct build build_wider_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms,
				uint32_t extra)
{
	return build_any(pid, start_ticks, lived_ms, extra, layout[SECTION_ENDINGS].capacity,
			 layout[SECTION_SLOTS].capacity);
}

struct build build_large_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms,
				uint32_t slots)
{
	return build_any(pid, start_ticks, lived_ms, 0, layout[SECTION_ENDINGS].capacity, slots);
}

struct build build_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms)
{
	return build_wider_ledger(pid, start_ticks, lived_ms, 0);
}

struct build build_churning_ledger(uint32_t pid, uint64_t start_ticks, uint64_t lived_ms)
{
	return build_any(pid, start_ticks, lived_ms, 0, 2048, layout[SECTION_SLOTS].capacity);
}

void build_free(struct build *build)
{
	free(build->bytes);
	build->bytes = NULL;
}

uint32_t build_string(struct build *build, const char *text)
{
	size_t size = strlen(text) + 1;
	uint32_t offset = build_take(build, SECTION_STRINGS, (uint32_t)size);

	memcpy(build_record(build, SECTION_STRINGS, offset), text, size);
	return offset;
}

uint32_t build_module(struct build *build, const char *path, uint8_t build_id)
{
	uint32_t index = build_take(build, SECTION_MODULES, 1), name = build_string(build, path);
	struct ledger_module *module = build_record(build, SECTION_MODULES, index);

	*module = (struct ledger_module){ .path = name, .build_id_size = build_id ? 20 : 0 };
	memset(module->build_id, build_id, module->build_id_size);
	return index;
}

stack_id build_stack(struct build *build, uint32_t module, ...)
{
	stack_id id = build_take(build, SECTION_STACKS, 1);
	struct ledger_stack *stack = build_record(build, SECTION_STACKS, id);
	va_list addresses;

	*stack =
		(struct ledger_stack){ .frames = build_header(build)->sections[SECTION_FRAMES].used,
				       .complete = 1 };
	va_start(addresses, module);
	for (unsigned address; (address = va_arg(addresses, unsigned)); stack->frame_count++)
		*(uint64_t *)build_record(build, SECTION_FRAMES,
					  build_take(build, SECTION_FRAMES, 1)) =
			FRAME_MAKE(module, address);
	va_end(addresses);
	return id;
}

struct ledger_slot *build_slot(struct build *build, int fd, stack_id opened)
{
	struct ledger_slot *slot = build_record(build, SECTION_SLOTS, (uint32_t)fd);
	struct ledger_header *header = build_header(build);

	*slot = (struct ledger_slot){
		.life = 1u << 3 | PHASE_OPEN,
		.type = SOCK_STREAM,
		.origin = ORIGIN_ACCEPT,
		.family = AF_INET,
		.cookie = 1000 + (uint64_t)fd,
		.opened_at = BUILD_MS(10),
		.opened_stack = opened,
		.opened_call = CALL_ACCEPT,
		.flags = SOCKET_CONNECTED,
		.local = { .ip = { 127, 0, 0, 1 }, .port = 80, .known = 1 },
		.peer = { .ip = { 127, 0, 0, 1 }, .port = 5555, .known = 1 },
	};
	if ((uint32_t)fd > header->max_fd)
		header->max_fd = (uint32_t)fd;
	header->totals.opened++;
	return slot;
}

void build_eof(struct ledger_slot *slot, uint64_t at, stack_id stack)
{
	slot->eof_at = at;
	slot->eof_stack = stack;
	slot->eof_call = CALL_RECV;
	slot->eof_reads = 1;
}

void build_snapshot(struct build *build, int fd, uint8_t tcp_state)
{
	uint32_t index = build_take(build, SECTION_SNAPSHOTS, 1);
	const struct ledger_slot *slot = build_record(build, SECTION_SLOTS, (uint32_t)fd);

	*(struct ledger_snapshot *)build_record(build, SECTION_SNAPSHOTS, index) =
		(struct ledger_snapshot){ .fd = fd,
					  .life = slot->life,
					  .valid = 1,
					  .tcp_state = tcp_state,
					  .last_data_sent_ms = 1000000 };
}

struct ledger_ending *build_ending(struct build *build, uint64_t cookie, uint64_t at,
				   stack_id opened, stack_id closed)
{
	struct ledger_ending *ending =
		build_record(build, SECTION_ENDINGS, build_take(build, SECTION_ENDINGS, 1));
	struct ledger_stack *stack = build_record(build, SECTION_STACKS, closed);

	*ending = (struct ledger_ending){
		.closed_at = at,
		.cookie = cookie,
		.local_ip = { 127, 0, 0, 1 },
		.peer_ip = { 127, 0, 0, 1 },
		.local_port = 80,
		.peer_port = 5555,
		.opened_stack = opened,
		.closed_stack = closed,
		.exchanges = 1,
		.flags = SOCKET_CONNECTED,
		.family = AF_INET,
		.end = END_FIRST,
		.opened_call = CALL_ACCEPT,
		.closed_call = CALL_CLOSE,
	};
	stack->closed_by_us_first++;
	stack->first_exchanges++;
	return ending;
}

struct ledger_closed *build_rings(struct build *build, uint64_t cookie, stack_id opened,
				  stack_id stack)
{
	uint32_t forked = build_take(build, SECTION_FORKS, 1);
	struct ledger_closed *closed =
		build_record(build, SECTION_CLOSED, build_take(build, SECTION_CLOSED, 1));

	*(struct ledger_fork *)build_record(build, SECTION_FORKS, forked) = (struct ledger_fork){
		.at = BUILD_MS(20), .pid = BUILD_CHILD, .stack = stack, .call = CALL_FORK
	};
	*closed = (struct ledger_closed){
		.closed_at = BUILD_MS(40),
		.opened_at = BUILD_MS(10),
		.cookie = cookie,
		.last_send = BUILD_MS(30),
		.opened_stack = opened,
		.closed_stack = stack,
		.flags = SOCKET_CONNECTED,
		.fd = 5,
		.family = AF_INET,
		.type = SOCK_STREAM,
		.origin = ORIGIN_ACCEPT,
		.opened_call = CALL_ACCEPT,
		.closed_call = CALL_CLOSE,
		.last_send_call = CALL_SEND,
		.peer = { .ip = { 127, 0, 0, 1 }, .port = 5555, .known = 1 },
	};
	build_ending(build, cookie, BUILD_MS(40), opened, stack);
	return closed;
}

void build_thread(struct build *build, uint32_t tid, uint8_t number, uint64_t from_ms)
{
	uint32_t index = build_take(build, SECTION_THREADS, 1);

	*(struct ledger_thread *)build_record(build, SECTION_THREADS, index) =
		(struct ledger_thread){
			.at = BUILD_MS(from_ms), .tid = tid, .number = number, .comm = "worker"
		};
}

int build_write(const struct build *build, const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -1;
	size_t written = fwrite(build->bytes, 1, build->size, file);
	return fclose(file) || written != build->size ? -1 : 0;
}
