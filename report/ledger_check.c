/* SPDX-License-Identifier: MIT */
/* A ledger's header and section table, checked before anything else of it is looked at. */
#include "ledger_check.h"

#include "ledger_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

const struct section_kind section_kinds[SECTION_COUNT] = {
	[SECTION_SLOTS] = { "slots", sizeof(struct ledger_slot), LEDGER_SLOTS_MAX },
	[SECTION_STACKS] = { "stacks", sizeof(struct ledger_stack), 1u << 20 },
	[SECTION_FRAMES] = { "frames", sizeof(uint64_t), 1u << 25 },
	[SECTION_MODULES] = { "modules", sizeof(struct ledger_module), 1u << 16 },
	[SECTION_STRINGS] = { "strings", 1, 1u << 26 },
	[SECTION_MISUSES] = { "misuses", sizeof(struct ledger_misuse), 1u << 20 },
	[SECTION_SNAPSHOTS] = { "snapshots", sizeof(struct ledger_snapshot), LEDGER_SLOTS_MAX },
	[SECTION_FORKS] = { "forks", sizeof(struct ledger_fork), 1024 },
	[SECTION_CLOSED] = { "closed sockets", sizeof(struct ledger_closed), 4096 },
	[SECTION_THREADS] = { "threads", sizeof(struct ledger_thread), 4096 },
	[SECTION_MARKS] = { "marks", sizeof(struct ledger_mark), 4096 },
	[SECTION_ENDINGS] = { "ended connections", sizeof(struct ledger_ending), 65536 },
};

#define HEADER_SIZE_MOST (1u << 20)

static int damaged(struct arena *arena, const char **trouble, const char *what)
{
	*trouble = arena_printf(arena, "damaged (%s)", what);
	return -EBADMSG;
}

static int section_check(struct arena *arena, struct ledger_header *header, int id,
			 const char **trouble)
{
	struct ledger_section *section = &header->sections[id];
	const struct section_kind *kind = &section_kinds[id];

	if (!section->capacity) {
		/* An older library's, without this section: nothing of what it says is looked at.
		 */
		*section = (struct ledger_section){ .record_size = kind->known_size };
		return 0;
	}
	if (section->record_size < kind->known_size ||
	    section->record_size > kind->known_size + 65536u) {
		*trouble = arena_printf(arena, "damaged (%s of %" PRIu32 " bytes)", kind->name,
					section->record_size);
		return -EBADMSG;
	}
	uint64_t size =
		(uint64_t)section->capacity * section->record_size; /* 32 bits times 17: fits */
	if (section->offset < header->header_size || section->offset > header->file_size ||
	    size > header->file_size - section->offset) {
		*trouble = arena_printf(arena, "damaged (%s reach beyond its end)", kind->name);
		return -EBADMSG;
	}
	return 0;
}

static int header_check(struct arena *arena, const struct ledger_source *source,
			struct ledger_header *header, const char **trouble)
{
	if (memcmp(header->magic, LEDGER_MAGIC, sizeof(header->magic))) {
		*trouble = "not a ledger (bad magic)";
		return -EBADMSG;
	}
	if (header->byte_order != LEDGER_BYTE_ORDER) {
		*trouble = "made on a machine of the other byte order";
		return -EBADMSG;
	}
	if (header->version > LEDGER_VERSION) {
		*trouble = arena_printf(arena,
					"made by a newer version (%" PRIu32 "); update sockaudit",
					header->version);
		return -EPROTO;
	}
	if (!header->version || header->header_size < sizeof(*header) ||
	    header->header_size > HEADER_SIZE_MOST)
		return damaged(arena, trouble, "its header's size or version");
	if (header->file_size > source->size) {
		*trouble = arena_printf(arena, "truncated (%" PRIu64 " of %" PRIu64 " bytes)",
					source->size, header->file_size);
		return -EBADMSG;
	}
	for (int id = 0; id < SECTION_COUNT; id++) {
		int error = section_check(arena, header, id, trouble);
		if (error)
			return error;
	}
	header->comm[sizeof(header->comm) - 1] = 0;
	header->boot_id[sizeof(header->boot_id) - 1] = 0;
	for (size_t i = 0; i < LEDGER_CALLS_MAX; i++)
		header->calls[i][LEDGER_CALL_NAME - 1] = 0;
	if (header->exe_build_id_size > sizeof(header->exe_build_id))
		header->exe_build_id_size = 0;
	return 0;
}

int ledger_header_read(struct arena *arena, const struct ledger_source *source,
		       struct ledger_header *header, const char **trouble)
{
	char magic[8];
	int error;

	if (source_read(source, 0, magic, sizeof(magic))) {
		*trouble = source->size ? "not a ledger (too short)" : "not a ledger (empty)";
		return -EBADMSG;
	}
	if (memcmp(magic, LEDGER_MAGIC, sizeof(magic))) {
		*trouble = "not a ledger (bad magic)";
		return -EBADMSG;
	}
	/* The version first: a newer one's header may be shorter or longer than we know. */
	uint32_t version;
	if (!source_read(source, offsetof(struct ledger_header, version), &version,
			 sizeof(version)) &&
	    version > LEDGER_VERSION && version < 1u << 16) {
		*trouble = arena_printf(
			arena, "made by a newer version (%" PRIu32 "); update sockaudit", version);
		return -EPROTO;
	}
	error = source_read(source, 0, header, sizeof(*header));
	if (error) {
		*trouble = error == -ENODATA ? "truncated inside its header" : strerror(-error);
		return error;
	}
	return header_check(arena, source, header, trouble);
}
