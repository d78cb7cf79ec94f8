/* SPDX-License-Identifier: MIT */
/* Copies a ledger out of its file; every count, offset and size is checked here, where it is read.
 */
#include "ledger_reader.h"

#include "ledger_check.h"
#include "ledger_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS_AT_ONCE 256u
#define TORN_ATTEMPTS 100

/* How many records of a section are there to be read: `used` may exceed what there was room for. */
static uint32_t section_used(const struct ledger_header *header, int id)
{
	const struct ledger_section *section = &header->sections[id];
	uint32_t used = section->used < section->capacity ? section->used : section->capacity;

	return used < section_kinds[id].most ? used : section_kinds[id].most;
}

/* A section's records, each cut to the part that we know; *count records of
 * section_kinds[id].known_size bytes. */
static int section_read(struct arena *arena, const struct ledger *ledger, int id, void *records,
			uint32_t *count, const char **trouble)
{
	const struct ledger_section *section = &ledger->header.sections[id];
	uint32_t known = section_kinds[id].known_size, used = section_used(&ledger->header, id);
	/* One more, zeroed: a string's end, and never an empty array. */
	unsigned char *bytes = arena_array(arena, (size_t)used + 1,
					   section->record_size ? section->record_size : known);
	int error = 0;

	if (used)
		error = source_read_sparse(&ledger->source, section->offset, bytes,
					   (size_t)used * section->record_size);
	if (error) {
		*trouble = error == -ENODATA ? "truncated while it was read" : strerror(-error);
		return error;
	}
	if (used && section->record_size != known)
		for (uint32_t i = 0; i < used; i++)
			memmove(bytes + (size_t)i * known, bytes + (size_t)i * section->record_size,
				known);
	if (section->record_size != known)
		memset(bytes + (size_t)used * known, 0, known);
	memcpy(records, &bytes, sizeof(bytes));
	*count = used;
	return 0;
}

/*
 * A ring's records, of which the writer sets the time to 0 first and to its value last. Two copies
 * that agree, with a time, are whole; what changed between them is left out, and its time is 0.
 */
static int ring_read(struct arena *arena, const struct ledger *ledger, int id, size_t time_offset,
		     void *records, uint32_t *count, const char **trouble)
{
	size_t size = section_kinds[id].known_size;
	unsigned char *copies[2];
	uint32_t counts[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		if (i && ledger->header.state != LEDGER_RUNNING) {
			copies[1] = copies[0];
			continue;
		}
		int error = section_read(arena, ledger, id, &copies[i], &counts[i], trouble);
		if (error)
			return error;
	}
	for (uint32_t i = 0; i < counts[0]; i++)
		if (memcmp(copies[0] + i * size, copies[1] + i * size, size))
			memset(copies[0] + i * size + time_offset, 0, sizeof(uint64_t));
	memcpy(records, &copies[0], sizeof(copies[0]));
	*count = counts[0];
	return 0;
}

static int thread_compare(const void *a, const void *b)
{
	const struct ledger_thread *left = a, *right = b;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	return left->at < right->at ? -1 : left->at > right->at;
}

static int rings_read(struct arena *arena, struct ledger *ledger, const char **trouble)
{
	uint32_t count, kept = 0;
	int error = ring_read(arena, ledger, SECTION_FORKS, offsetof(struct ledger_fork, at),
			      &ledger->forks, &count, trouble);

	for (uint32_t i = 0; !error && i < count; i++)
		if (ledger->forks[i].at)
			ledger->forks[kept++] = ledger->forks[i];
	if (error)
		return error;
	ledger->fork_count = kept;
	kept = 0;
	error = ring_read(arena, ledger, SECTION_CLOSED, offsetof(struct ledger_closed, closed_at),
			  &ledger->closed, &count, trouble);
	for (uint32_t i = 0; !error && i < count; i++)
		if (ledger->closed[i].closed_at)
			ledger->closed[kept++] = ledger->closed[i];
	if (error)
		return error;
	ledger->closed_count = kept;
	kept = 0;
	error = ring_read(arena, ledger, SECTION_THREADS, offsetof(struct ledger_thread, at),
			  &ledger->threads, &count, trouble);
	for (uint32_t i = 0; !error && i < count; i++) {
		ledger->threads[i].comm[sizeof(ledger->threads[i].comm) - 1] = 0;
		if (ledger->threads[i].at)
			ledger->threads[kept++] = ledger->threads[i];
	}
	if (error)
		return error;
	ledger->thread_count = kept;
	if (kept)
		qsort(ledger->threads, kept, sizeof(*ledger->threads), thread_compare);
	kept = 0;
	error = ring_read(arena, ledger, SECTION_MARKS, offsetof(struct ledger_mark, at),
			  &ledger->marks, &count, trouble);
	for (uint32_t i = 0; !error && i < count; i++)
		if (ledger->marks[i].at)
			ledger->marks[kept++] = ledger->marks[i];
	if (error)
		return error;
	ledger->mark_count = kept;
	kept = 0;
	error = ring_read(arena, ledger, SECTION_ENDINGS, offsetof(struct ledger_ending, closed_at),
			  &ledger->endings, &count, trouble);
	for (uint32_t i = 0; !error && i < count; i++)
		if (ledger->endings[i].closed_at)
			ledger->endings[kept++] = ledger->endings[i];
	if (!error)
		ledger->ending_count = kept;
	return error;
}

static bool life_is_readable(uint32_t life)
{
	uint32_t phase = LIFE_PHASE(life);

	return phase == PHASE_OPEN || phase == PHASE_CLOSING || phase == PHASE_GONE;
}

/*
 * One slot, whole: its life is read before, with and after the rest. A pread is no atomic read, but
 * the three follow each other, so equal lives mean that nobody filled the slot between the first
 * and the last.
 */
static bool slot_read(const struct ledger_source *source, uint64_t offset, struct ledger_slot *slot,
		      bool *torn)
{
	for (int attempt = 0; attempt < TORN_ATTEMPTS; attempt++) {
		uint32_t before, after;
		uint64_t life = offset + offsetof(struct ledger_slot, life);
		if (source_read(source, life, &before, sizeof(before)) ||
		    source_read(source, offset, slot, sizeof(*slot)) ||
		    source_read(source, life, &after, sizeof(after)))
			return false;
		if (before == after && before == slot->life && LIFE_PHASE(before) != PHASE_FILLING)
			return life_is_readable(before);
	}
	*torn = true;
	return false;
}

bool ledger_reread(const struct ledger *ledger, int fd, struct ledger_slot *slot)
{
	const struct ledger_section *section = &ledger->header.sections[SECTION_SLOTS];
	bool torn = false;

	if (fd < 0 || (uint32_t)fd >= section->capacity)
		return false;
	return slot_read(&ledger->source, section->offset + (uint64_t)fd * section->record_size,
			 slot, &torn) &&
	       LIFE_PHASE(slot->life) != PHASE_GONE;
}

/* Three reads of a batch tell which of its slots changed meanwhile; those are read again one by
 * one. */
static int slots_read_batch(struct ledger *ledger, uint32_t first, uint32_t count,
			    unsigned char *batches[3])
{
	const struct ledger_section *section = &ledger->header.sections[SECTION_SLOTS];
	uint64_t offset = section->offset + (uint64_t)first * section->record_size;
	bool running = ledger->header.state == LEDGER_RUNNING;

	for (int i = 0; i < (running ? 3 : 1); i++) {
		int error = source_read(&ledger->source, offset, batches[i],
					(size_t)count * section->record_size);
		if (error)
			return error;
	}
	for (uint32_t i = 0; i < count; i++) {
		size_t at = (size_t)i * section->record_size;
		struct ledger_entry *entry = &ledger->slots[ledger->slot_count];
		uint32_t lives[3];
		bool torn = false;
		for (int j = 0; j < 3; j++)
			memcpy(&lives[j],
			       batches[running ? j : 0] + at + offsetof(struct ledger_slot, life),
			       sizeof(lives[j]));
		if (lives[0] != lives[1] || lives[1] != lives[2] ||
		    (running && LIFE_PHASE(lives[1]) == PHASE_FILLING)) {
			if (!slot_read(&ledger->source, offset + at, &entry->slot, &torn)) {
				ledger->torn += torn;
				continue;
			}
		} else if (life_is_readable(lives[1])) {
			memcpy(&entry->slot, batches[running ? 1 : 0] + at, sizeof(entry->slot));
		} else {
			continue;
		}
		entry->fd = (int)(first + i);
		ledger->slot_count++;
	}
	return 0;
}

static int slots_read(struct ledger *ledger, struct arena *arena, const char **trouble)
{
	const struct ledger_section *section = &ledger->header.sections[SECTION_SLOTS];
	uint32_t end = section->capacity < LEDGER_SLOTS_MAX ? section->capacity : LEDGER_SLOTS_MAX;
	size_t batch_size = (size_t)SLOTS_AT_ONCE * section->record_size;
	int error = 0;

	if (ledger->header.max_fd < end)
		end = ledger->header.max_fd + 1;
	/* For all at once: what is not used of it takes no memory, what is outgrown would. */
	ledger->slots = arena_array(arena, end, sizeof(*ledger->slots));
	unsigned char *memory = malloc(batch_size * 3 + 1);
	if (!memory) {
		arena_out_of_memory();
		return -ENOMEM;
	}
	unsigned char *batches[3] = { memory, memory + batch_size, memory + batch_size * 2 };
	for (uint32_t first = 0; first < end && !error;) {
		uint64_t data = source_next_data(
			&ledger->source, section->offset + (uint64_t)first * section->record_size);
		if (data == UINT64_MAX)
			break;
		uint64_t skipped = data <= section->offset
					   ? 0
					   : (data - section->offset) / section->record_size;
		if (skipped >= end)
			break;
		if (skipped > first)
			first = (uint32_t)skipped;
		uint32_t count = end - first < SLOTS_AT_ONCE ? end - first : SLOTS_AT_ONCE;
		error = slots_read_batch(ledger, first, count, batches);
		first += count;
	}
	free(memory);
	if (error)
		*trouble = error == -ENODATA ? "truncated while it was read" : strerror(-error);
	return error;
}

/* Nanoseconds per cycle: the longest base is the best, and ours may be longer than the ledger's
 * own. */
static double rate_of(const struct ledger *ledger)
{
	const struct ledger_header *header = &ledger->header;
	double rate = clock_rate(&header->clock_start, &header->clock_last);

	if (!(rate >= 0.01 && rate <= 1000) && header->cycles_kind == CYCLES_KIND) {
		struct ledger_clock now = clock_pair_now();
		rate = clock_rate(&header->clock_start, &now);
	}
	/* Nothing to go by: all its times are within a millisecond, and any rate of this order says
	 * so. */
	return rate >= 0.01 && rate <= 1000		 ? rate
	       : header->cycles_kind == CYCLES_MONOTONIC ? 1
							 : 0.4;
}

/* The stacks and what they refer to. */
static int stacks_read(struct arena *arena, struct ledger *ledger, const char **trouble)
{
	int error;

	if ((error = ledger_header_read(arena, &ledger->source, &ledger->header, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_STACKS, &ledger->stacks,
				  &ledger->stack_count, trouble)) ||
	    (error = ledger_header_read(arena, &ledger->source, &ledger->header, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_FRAMES, &ledger->frames,
				  &ledger->frame_count, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_MODULES, &ledger->modules,
				  &ledger->module_count, trouble)) ||
	    (error = ledger_header_read(arena, &ledger->source, &ledger->header, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_STRINGS, &ledger->strings,
				  &ledger->string_size, trouble)))
		return error;
	ledger_references_check(ledger);
	ledger->ns_per_cycle = rate_of(ledger);
	return 0;
}

/* All of it. */
static int ledger_fill(struct arena *arena, struct ledger *ledger, const char **trouble)
{
	int error = ledger_header_read(arena, &ledger->source, &ledger->header, trouble);

	if (error)
		return error;
	ledger->read_at = cycles_now();
	/*
	 * What refers comes first and what is referred to after it, with fresh counts: a live
	 * program makes a stack before the slot that names it, so everything that a slot names is
	 * there by then.
	 */
	if ((error = slots_read(ledger, arena, trouble)) ||
	    (error = ledger_header_read(arena, &ledger->source, &ledger->header, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_MISUSES, &ledger->misuses,
				  &ledger->misuse_count, trouble)) ||
	    (error = section_read(arena, ledger, SECTION_SNAPSHOTS, &ledger->snapshots,
				  &ledger->snapshot_count, trouble)) ||
	    (error = rings_read(arena, ledger, trouble)))
		return error;
	ledger->youngest = ledger_youngest(ledger);
	return stacks_read(arena, ledger, trouble);
}

static int ledger_new(struct arena *arena, struct ledger_source source, const char *path,
		      int (*fill)(struct arena *, struct ledger *, const char **),
		      struct ledger **result, const char **trouble)
{
	struct ledger *ledger = arena_alloc(arena, sizeof(*ledger));

	ledger->path = arena_copy(arena, path);
	ledger->source = source;
	int error = fill(arena, ledger, trouble);
	if (error)
		ledger_close(ledger);
	else
		*result = ledger;
	return error;
}

static int source_of(int fd, struct ledger_source *source, const char **trouble)
{
	struct stat stat;

	if (fstat(fd, &stat)) {
		int error = -errno;
		*trouble = strerror(-error);
		return error;
	}
	if (!S_ISREG(stat.st_mode)) {
		*trouble = "not a regular file";
		return -EINVAL;
	}
	*source = (struct ledger_source){ .fd = fd, .size = (uint64_t)stat.st_size };
	return 0;
}

static int fd_read(struct arena *arena, int fd, const char *path,
		   int (*fill)(struct arena *, struct ledger *, const char **),
		   struct ledger **ledger, const char **trouble)
{
	struct ledger_source source;
	int error = source_of(fd, &source, trouble);

	if (error) {
		close(fd);
		return error;
	}
	return ledger_new(arena, source, path, fill, ledger, trouble);
}

int ledger_read_fd(struct arena *arena, int fd, const char *path, struct ledger **ledger,
		   const char **trouble)
{
	return fd_read(arena, fd, path, ledger_fill, ledger, trouble);
}

int ledger_read_stacks_fd(struct arena *arena, int fd, const char *path, struct ledger **ledger,
			  const char **trouble)
{
	return fd_read(arena, fd, path, stacks_read, ledger, trouble);
}

int ledger_read(struct arena *arena, const char *path, struct ledger **ledger, const char **trouble)
{
	/* Not blocking: a FIFO of that name must not hang us before we see that it is none of ours.
	 */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		int error = -errno;
		*trouble = error == -ELOOP ? "a symbolic link; name the file itself"
					   : strerror(-error);
		return error;
	}
	return ledger_read_fd(arena, fd, path, ledger, trouble);
}

int ledger_read_bytes(struct arena *arena, const void *bytes, size_t size, struct ledger **ledger,
		      const char **trouble)
{
	return ledger_new(arena, (struct ledger_source){ .fd = -1, .bytes = bytes, .size = size },
			  "(memory)", ledger_fill, ledger, trouble);
}

int ledger_peek(int fd, struct ledger_header *header, struct arena *arena, const char **trouble)
{
	struct ledger_source source;
	int error = source_of(fd, &source, trouble);

	return error ? error : ledger_header_read(arena, &source, header, trouble);
}

void ledger_close(struct ledger *ledger)
{
	if (ledger && ledger->source.fd >= 0) {
		close(ledger->source.fd);
		ledger->source.fd = -1;
		ledger->source.size = 0; /* so that a later reread finds nothing */
	}
}
