/* SPDX-License-Identifier: MIT */
/* soak_books LEDGER: what a ledger has counted, as one object of JSON. */
#include <fcntl.h>
#include <inttypes.h>
#include <sockaudit/ledger.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	struct stat file;
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	const char *base = fd < 0 || fstat(fd, &file) || file.st_size < 8192
				   ? MAP_FAILED
				   : mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED) {
		perror("soak_books: LEDGER");
		return 2;
	}
	const struct ledger_header *header = (const void *)base;
	const struct ledger_section *table = &header->sections[SECTION_STACKS];
	const struct ledger_totals *totals = &header->totals;
	uint64_t after_eof = 0, after_error = 0, first = 0, lost = 0;
	for (uint32_t i = 1; i < table->used && i < table->capacity; i++) {
		const struct ledger_stack *stack =
			(const void *)(base + table->offset + (uint64_t)i * table->record_size);

		after_eof += stack->closed_after_eof;
		after_error += stack->closed_after_error;
		first += stack->closed_by_us_first;
	}
	for (int i = 0; i < LOST_COUNT; i++)
		lost += header->lost[i];
	printf("{\"opened\": %" PRIu64 ", \"closed\": %" PRIu64 ", \"closed_after_eof\": %" PRIu64
	       ", \"closed_after_error\": %" PRIu64 ", \"closed_first\": %" PRIu64
	       ", \"drift\": %" PRIu64 ", \"forks\": %u, \"misuses\": %u, \"stacks\": %u, "
	       "\"lost\": %" PRIu64 "}\n",
	       totals->opened, totals->closed, after_eof, after_error, first, totals->drift,
	       header->sections[SECTION_FORKS].used, header->sections[SECTION_MISUSES].used - 1,
	       table->used - 1, lost);
	return 0;
}
