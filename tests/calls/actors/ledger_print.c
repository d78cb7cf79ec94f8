/* SPDX-License-Identifier: MIT */
/* ledger_print FILE: a ledger's facts as JSON, times left out. What the library wrote, not what the
 * reporter thinks. */
#include <fcntl.h>
#include <sockaudit/ledger.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const struct ledger_header *header;

static const void *section(enum ledger_section_id id)
{
	return (const char *)header + header->sections[id].offset;
}

static const char *call_name(uint8_t call)
{
	return header->calls[call];
}

static void slot_print(uint32_t fd, const struct ledger_slot *slot)
{
	static const char *const phases[] = { "empty", "filling", "open", "closing",
					      "gone",  "?",	  "?",	  "?" };
	static const char *const origins[] = { "none", "socket",    "accept",	"pair",
					       "copy", "inherited", "received", "adopted" };

	printf("{\"fd\":%u,\"life\":%u,\"phase\":\"%s\",\"origin\":\"%s\",\"opened_call\":\"%s\",",
	       fd, slot->life, phases[LIFE_PHASE(slot->life)], origins[slot->origin & 7],
	       call_name(slot->opened_call));
	printf("\"closed_call\":\"%s\",\"cookie\":%llu,\"flags\":%u,\"group\":%u,\"group_refs\":%"
	       "u,",
	       call_name(slot->closed_call), (unsigned long long)slot->cookie, slot->flags,
	       slot->group, slot->group_refs);
	printf("\"received\":%llu,\"sent\":%llu,\"listening\":%s,\"connected\":%s,\"stack\":%s}",
	       (unsigned long long)slot->received, (unsigned long long)slot->sent,
	       slot->flags & SOCKET_LISTENING ? "true" : "false",
	       slot->flags & SOCKET_CONNECTED ? "true" : "false",
	       slot->opened_stack ? "true" : "false");
}

static void slots_print(void)
{
	const struct ledger_slot *slots = section(SECTION_SLOTS);
	const char *comma = "";

	printf("\"slots\":[");
	for (uint32_t fd = 0; fd <= header->max_fd; fd++)
		if (slots[fd].life) {
			printf("%s", comma);
			slot_print(fd, &slots[fd]);
			comma = ",";
		}
	printf("]");
}

/* What a parent itself writes of its children, by offset and size: the count of those whose calls
 * it left out, and the ring of those that it made. */
static void parents_own_print(void)
{
	const struct ledger_section *forks = &header->sections[SECTION_FORKS],
				    *stacks = &header->sections[SECTION_STACKS];

	printf("\"parents_own\":[[%zu,8],[%zu,4],[%llu,%llu]",
	       offsetof(struct ledger_header, lost[LOST_CHILDREN]),
	       offsetof(struct ledger_header, sections[SECTION_FORKS].used),
	       (unsigned long long)forks->offset,
	       (unsigned long long)forks->capacity * forks->record_size);
	for (uint32_t i = 1; i < stacks->used; i++)
		printf(",[%llu,8]",
		       (unsigned long long)(stacks->offset + i * sizeof(struct ledger_stack) +
					    offsetof(struct ledger_stack, forks)));
	printf("],");
}

int main(int argc, char **argv)
{
	static const char *const totals[] = {
		"opened",    "closed",	 "drift",   "copied",
		"inherited", "received", "adopted", "foreign_closed"
	};
	static const char *const states[] = { "running", "exited", "exec", "daemon" };
	struct stat file;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

	if (fd < 0 || fstat(fd, &file))
		return 2;
	header = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED || memcmp(header->magic, LEDGER_MAGIC, 8) != 0)
		return 3;
	printf("{\"pid\":%u,\"sequence\":%u,\"state\":\"%s\",\"exit_status\":%d,\"fork_pid\":%u,",
	       header->pid, header->sequence, states[header->state % 4], header->exit_status,
	       header->fork_pid);
	printf("\"snapshots_taken\":%u,\"snapshots\":%u,\"verdict_sockets\":%u,\"misuses\":%u,"
	       "\"filtered\":%u,",
	       header->snapshots_taken, header->sections[SECTION_SNAPSHOTS].used,
	       header->verdict_sockets, header->sections[SECTION_MISUSES].used - 1,
	       header->filtered);
	printf("\"totals\":{");
	for (unsigned i = 0; i < sizeof totals / sizeof totals[0]; i++)
		printf("%s\"%s\":%llu", i ? "," : "", totals[i],
		       (unsigned long long)((const uint64_t *)&header->totals)[i]);
	printf("},\"lost\":[");
	for (unsigned i = 0; i < LOST_COUNT; i++)
		printf("%s%llu", i ? "," : "", (unsigned long long)header->lost[i]);
	printf("],");
	parents_own_print();
	slots_print();
	printf("}\n");
	return 0;
}
