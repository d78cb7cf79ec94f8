/* SPDX-License-Identifier: MIT */
/*
 * ledger_header FILE: what the header and the open slots of a ledger say, as JSON. It trusts the
 * file, and is independent of the reporter: the tests of the library compare its counts with the
 * program's own.
 */
#include <fcntl.h>
#include <sockaudit/ledger.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *const lost_names[LOST_COUNT] = {
	"slots",    "stacks",  "modules", "strings", "misuses",	 "cookies",
	"fallback", "shallow", "tables",  "seccomp", "children", "races",
};

static const char *base;
static const struct ledger_header *header;

static const void *record(enum ledger_section_id section, uint64_t index)
{
	return base + header->sections[section].offset +
	       index * header->sections[section].record_size;
}

static const char *string(uint32_t at)
{
	return record(SECTION_STRINGS, at);
}

/* The innermost frames as "MODULE+OFFSET", the call's own address. */
static void stack_print(stack_id id)
{
	const struct ledger_stack *stack = record(SECTION_STACKS, id);

	printf("[");
	for (unsigned i = 0; id && i < stack->frame_count; i++) {
		const uint64_t *frame = record(SECTION_FRAMES, stack->frames + i);
		const struct ledger_module *module = record(SECTION_MODULES, FRAME_MODULE(*frame));

		printf("%s\"%s+0x%llx\"", i ? ", " : "",
		       FRAME_MODULE(*frame) ? string(module->path) : "?",
		       (unsigned long long)FRAME_OFFSET(*frame) - 1);
	}
	printf("]");
}

static void slots_print(void)
{
	const char *comma = "";
	uint64_t capacity = header->sections[SECTION_SLOTS].capacity;

	printf(" \"open\": [");
	for (uint64_t fd = 0; fd <= header->max_fd && fd < capacity; fd++) {
		const struct ledger_slot *slot = record(SECTION_SLOTS, fd);
		unsigned phase = LIFE_PHASE(slot->life);

		if (phase != PHASE_OPEN && phase != PHASE_CLOSING)
			continue;
		printf("%s\n  {\"fd\": %llu, \"phase\": %u, \"call\": \"%s\", \"origin\": %u, "
		       "\"stack\": ",
		       comma, (unsigned long long)fd, phase, header->calls[slot->opened_call],
		       slot->origin);
		stack_print(slot->opened_stack);
		printf("}");
		comma = ",";
	}
	printf("],\n");
}

int main(int argc, char **argv)
{
	struct stat file;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || fstat(fd, &file) || file.st_size < (off_t)sizeof *header)
		return 2;
	base = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return 2;
	header = (const struct ledger_header *)base;
	if (memcmp(header->magic, LEDGER_MAGIC, sizeof header->magic) != 0)
		return 3;
	const struct ledger_totals *t = &header->totals;
	printf("{\"pid\": %u, \"uid\": %u, \"state\": %u, \"exit_status\": %d, \"filtered\": %u,\n",
	       header->pid, header->uid, header->state, header->exit_status, header->filtered);
	printf(" \"frames_wanted\": %u, \"grace_ms\": %u, \"grace_given\": %u, \"verdict\": %u,\n",
	       header->frames_wanted, header->grace_ms, header->grace_given,
	       header->verdict_sockets);
	printf(" \"opened\": %llu, \"closed\": %llu, \"drift\": %llu, \"copied\": %llu, "
	       "\"inherited\": %llu,\n",
	       (unsigned long long)t->opened, (unsigned long long)t->closed,
	       (unsigned long long)t->drift, (unsigned long long)t->copied,
	       (unsigned long long)t->inherited);
	printf(" \"received\": %llu, \"adopted\": %llu, \"foreign_closed\": %llu, \"max_fd\": "
	       "%u,\n",
	       (unsigned long long)t->received, (unsigned long long)t->adopted,
	       (unsigned long long)t->foreign_closed, header->max_fd);
	printf(" \"misuses\": %u, \"stacks\": %u, \"slots_capacity\": %u,\n",
	       header->sections[SECTION_MISUSES].used - 1, header->sections[SECTION_STACKS].used,
	       header->sections[SECTION_SLOTS].capacity);
	slots_print();
	printf(" \"lost\": {");
	for (unsigned i = 0; i < LOST_COUNT; i++)
		printf("%s\"%s\": %llu", i ? ", " : "", lost_names[i],
		       (unsigned long long)header->lost[i]);
	printf("}}\n");
	return 0;
}
