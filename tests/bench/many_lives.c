/* SPDX-License-Identifier: MIT */
/*
 * A ledger of more sockets than a machine may let one process have: `many_lives LEDGER SOCKETS
 * FILE`. LEDGER is one that the library has written, of an ended many_sites; its lives stand in
 * FILE again and again, each time with other cookies and addresses, opened at other ones of its
 * places. Its stacks, modules and the kernel's last word of each socket are the real ones.
 */
#include <sockaudit/ledger.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LISTENER 3 /* its descriptor: nothing but the standard ones was open before */
#define FIRST	 4 /* an end that connected; they take turns with those that accepted */

struct book {
	struct ledger_header *header;
	unsigned char *bytes;
	uint32_t ends; /* of connections */
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void *record(const struct book *book, enum ledger_section_id section, uint64_t index)
{
	const struct ledger_section *entry = &book->header->sections[section];

	return book->bytes + entry->offset + index * entry->record_size;
}

static void *map(const char *path, int flags, uint64_t *size)
{
	struct stat stat;
	int fd = open(path, flags, 0600);

	if (fd < 0 || (*size && ftruncate(fd, (off_t)*size)) || fstat(fd, &stat))
		fail(path);
	*size = (uint64_t)stat.st_size;
	void *bytes = mmap(NULL, *size, PROT_READ | (flags == O_RDONLY ? 0 : PROT_WRITE),
			   MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		fail(path);
	close(fd);
	return bytes;
}

/* The template's header, with room for so many lives; returns the file's size. */
static uint64_t layout(struct ledger_header *header, uint32_t slots)
{
	uint64_t size = (header->header_size + 4095ull) / 4096 * 4096;

	for (int id = 0; id < SECTION_COUNT; id++) {
		struct ledger_section *section = &header->sections[id];
		if (id == SECTION_SLOTS || id == SECTION_SNAPSHOTS)
			section->capacity = slots;
		section->offset = size;
		size += ((uint64_t)section->capacity * section->record_size + 4095) / 4096 * 4096;
	}
	header->file_size = size;
	return size;
}

static void live_again(const struct book *from, const struct book *to, uint32_t index)
{
	uint32_t round = index / from->ends, at = index % from->ends,
		 other = (at + 34 * round) % from->ends;
	int fd = (int)index + FIRST;
	struct ledger_slot *slot = record(to, SECTION_SLOTS, (uint64_t)fd);
	const struct ledger_slot *place = record(from, SECTION_SLOTS, FIRST + other);
	struct ledger_section *snapshots = &to->header->sections[SECTION_SNAPSHOTS];
	struct ledger_snapshot *snapshot = record(to, SECTION_SNAPSHOTS, snapshots->used);

	*slot = *(const struct ledger_slot *)record(from, SECTION_SLOTS, FIRST + at);
	*snapshot = *(const struct ledger_snapshot *)record(from, SECTION_SNAPSHOTS,
							    FIRST - LISTENER + at);
	slot->cookie += (uint64_t)round << 40;
	slot->local.ip[2] = slot->peer.ip[2] = (uint8_t)round;
	slot->opened_stack = place->opened_stack;
	snapshot->fd = fd;
	snapshots->used++;
	struct ledger_stack *stack = record(to, SECTION_STACKS, slot->opened_stack);
	stack->opened++;
	stack->peak++;
}

int main(int argc, char **argv)
{
	struct book from = { .ends = 0 }, to = { .ends = 0 };
	uint64_t size = 0;

	if (argc != 4)
		return 2;
	uint32_t count = (uint32_t)atoi(argv[2]);
	from.bytes = map(argv[1], O_RDONLY, &size);
	from.header = (struct ledger_header *)from.bytes;
	from.ends = (from.header->max_fd + 1 - FIRST) & ~1u;
	const struct ledger_snapshot *last = record(&from, SECTION_SNAPSHOTS, from.ends);
	if (from.header->sections[SECTION_SNAPSHOTS].used <= from.ends ||
	    last->fd != (int)from.ends + LISTENER) {
		fprintf(stderr, "many_lives: its process had other descriptors open\n");
		return 2;
	}
	struct ledger_header header = *from.header;
	size = layout(&header, FIRST + count);
	to.bytes = map(argv[3], O_RDWR | O_CREAT | O_EXCL, &size);
	to.header = (struct ledger_header *)to.bytes;
	memcpy(to.header, from.header, from.header->header_size);
	*to.header = header;
	for (int id = 0; id < SECTION_COUNT; id++) {
		const struct ledger_section *section = &header.sections[id];
		uint32_t used =
			section->used < section->capacity ? section->used : section->capacity;
		if (id != SECTION_SLOTS && id != SECTION_SNAPSHOTS)
			memcpy(record(&to, id, 0), record(&from, id, 0),
			       (size_t)used * section->record_size);
	}
	for (uint32_t i = 0; i < header.sections[SECTION_STACKS].used; i++) {
		struct ledger_stack *stack = record(&to, SECTION_STACKS, i);
		stack->opened = stack->peak = 0;
	}
	to.header->sections[SECTION_SNAPSHOTS].used = 0;
	for (uint32_t i = 0; i < count; i++)
		live_again(&from, &to, i);
	to.header->max_fd = FIRST + count - 1;
	to.header->nofile_soft = FIRST + count;
	to.header->totals.opened = count;
	return 0;
}
