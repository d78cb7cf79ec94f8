/* SPDX-License-Identifier: MIT */
/*
 * Modules of this process and their records in the ledger. A record is filled first and gets its
 * start address last, so one that is being written matches nothing; two threads may enter the same
 * module twice, which costs a record and no more.
 *
 * A small cache leads from a module's address to its record. A cached number counts only together
 * with the ledger and the epoch in which it was found: after an unloading, each module is compared
 * again, by its path and build-id, with what the ledger says of that address.
 */
#include "modules.h"

#include "ledger_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#define CACHE_SIZE  256	  /* more modules than nearly any program has; others are searched for */
#define MODULES_MAX 65535 /* a frame has 16 bits for it */
#define HEADER_PAGE 4096

static int (*find_object)(void *address, struct dl_find_object *result);
static struct module_span self;
static uintptr_t vdso;
static uint64_t cache[CACHE_SIZE]; /* serial:20 epoch:28 record:16 */

#define CACHE_TAG(serial, epoch) ((uint64_t)(serial) << 44 | ((uint64_t)(epoch)&0xfffffff) << 16)
#define CACHE_TAG_OF(entry)	 ((entry) & ~(uint64_t)0xffff)
#define CACHE_RECORD_OF(entry)	 ((uint32_t)(entry)&0xffff)

void modules_start(void)
{
	void *symbol = dlsym(RTLD_DEFAULT, "_dl_find_object");

	if (!symbol)
		dlerror(); /* or the program would be told of it */
	memcpy(&find_object, &symbol, sizeof(find_object));
	vdso = getauxval(AT_SYSINFO_EHDR);
	/* Linked into a program (a unit test), this code is nobody else's. */
	if (modules_find((uintptr_t)modules_start, &self) && self.map->l_name[0] == 0)
		self.start = self.end = 0;
}

bool modules_known(void)
{
	return find_object != NULL;
}

int modules_find_object(void *address, struct dl_find_object *result)
{
	return find_object ? find_object(address, result) : -1;
}

bool modules_find(uintptr_t address, struct module_span *span)
{
	struct dl_find_object object;

	if (!find_object || find_object((void *)address, &object) != 0)
		return false;
	span->start = (uintptr_t)object.dlfo_map_start;
	span->end = (uintptr_t)object.dlfo_map_end;
	span->bias = object.dlfo_link_map->l_addr;
	span->unwind_header = object.dlfo_eh_frame;
	span->map = object.dlfo_link_map;
	return true;
}

bool modules_is_self(uintptr_t address)
{
	return address >= self.start && address < self.end;
}

/* The build-id in one note segment; 0 when it has none. */
static unsigned build_id_in(const unsigned char *notes, size_t size, uint8_t *id, unsigned room)
{
	ElfW(Nhdr) note;

	while (size >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		size_t name = (note.n_namesz + (size_t)3) & ~(size_t)3;
		size_t text = (note.n_descsz + (size_t)3) & ~(size_t)3;
		size_t left = size - sizeof(note);

		if (name > left || text > left - name)
			return 0;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + sizeof(note), "GNU", 4) == 0) {
			unsigned length = note.n_descsz < room ? note.n_descsz : room;

			memcpy(id, notes + sizeof(note) + name, length);
			return length;
		}
		notes += sizeof(note) + name + text;
		size = left - name - text;
	}
	return 0;
}

/*
 * The build-id of a mapped object, from its ELF header in its first page. Nothing here is believed
 * that does not lie within a readable segment: a file may have been cut or packed in strange ways.
 */
static unsigned build_id_of(const struct module_span *span, uint8_t *id, unsigned room)
{
	const unsigned char *image = (const unsigned char *)span->start;
	ElfW(Ehdr) header;

	if (span->end - span->start < HEADER_PAGE)
		return 0;
	memcpy(&header, image, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phoff > HEADER_PAGE ||
	    header.e_phnum > (HEADER_PAGE - header.e_phoff) / sizeof(ElfW(Phdr)))
		return 0;

	ElfW(Phdr) loaded = { 0 }, segment;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		memcpy(&segment, image + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) && segment.p_offset == 0)
			loaded = segment;
	}
	for (unsigned i = 0; i < header.e_phnum; i++) {
		memcpy(&segment, image + header.e_phoff + i * sizeof(segment), sizeof(segment));
		/* Linkers put it into the first segment, behind the headers. */
		if (segment.p_type != PT_NOTE || segment.p_vaddr < loaded.p_vaddr ||
		    segment.p_vaddr - loaded.p_vaddr > loaded.p_filesz ||
		    segment.p_filesz > loaded.p_filesz - (segment.p_vaddr - loaded.p_vaddr))
			continue;
		uintptr_t notes = span->bias + segment.p_vaddr;
		if (notes < span->start || notes > span->end ||
		    segment.p_filesz > span->end - notes)
			continue;
		unsigned size =
			build_id_in((const unsigned char *)notes, segment.p_filesz, id, room);
		if (size)
			return size;
	}
	return 0;
}

static uint32_t path_of(const struct module_span *span)
{
	if (span->map->l_name[0] == 0)
		return ledger->header->exe;
	return ledger_file_string(span->map->l_name);
}

static uint8_t flags_of(const struct module_span *span)
{
	if (vdso >= span->start && vdso < span->end)
		return MODULE_VDSO;
	if (span->start == self.start)
		return MODULE_SELF;
	return span->map->l_name[0] == 0 ? MODULE_MAIN : 0;
}

/* Is what was once recorded of this address still what is mapped there? */
static bool is_same_file(const struct ledger_module *module, const struct module_span *span)
{
	uint8_t id[sizeof(module->build_id)];
	unsigned size = build_id_of(span, id, sizeof(id));

	if (size != module->build_id_size || memcmp(id, module->build_id, size) != 0)
		return false;
	return span->map->l_name[0] == 0
		       ? module->path == ledger->header->exe
		       : strcmp(ledger->strings + module->path, span->map->l_name) == 0;
}

/* The number of the span's record, newest first; 0 when it has none. */
static uint32_t search(const struct module_span *span, uint32_t epoch)
{
	const struct ledger_section *section = &ledger->header->sections[SECTION_MODULES];
	uint32_t used = __atomic_load_n(&section->used, __ATOMIC_RELAXED);

	if (used > section->capacity)
		used = section->capacity;
	if (used > MODULES_MAX)
		used = MODULES_MAX;
	for (uint32_t number = used; number-- > 1;) {
		const struct ledger_module *module = &ledger->modules[number];

		/* Partner: the release in enter(): who sees a start sees the rest. */
		if (__atomic_load_n(&module->start, __ATOMIC_ACQUIRE) == span->start &&
		    module->end == span->end && module->bias == span->bias &&
		    (module->epoch == epoch || is_same_file(module, span)))
			return number;
	}
	return 0;
}

static uint32_t enter(const struct module_span *span, uint32_t epoch)
{
	uint32_t number = ledger_file_take(SECTION_MODULES, 1);

	if (number == 0 || number > MODULES_MAX) {
		ledger_file_lost(LOST_MODULES);
		return 0;
	}
	struct ledger_module *module = &ledger->modules[number];
	module->end = span->end;
	module->bias = span->bias;
	module->path = path_of(span);
	module->epoch = epoch;
	module->flags = flags_of(span);
	module->build_id_size =
		(uint8_t)build_id_of(span, module->build_id, sizeof(module->build_id));
	/* Partner: the acquire in search(). */
	__atomic_store_n(&module->start, span->start, __ATOMIC_RELEASE);
	return number;
}

uint64_t modules_frame(uintptr_t return_address, uint32_t epoch)
{
	struct module_span span;

	/* Less one: a call at the very end of a module returns behind it. */
	if (!modules_find(return_address - 1, &span))
		return FRAME_MAKE(0, return_address);

	/* A stale or foreign value fails its tag; the acquire pairs with the release below, so that
	 * a record is seen as whole as the thread saw it that cached it. */
	uint64_t *cached = &cache[(span.start >> 12) * 0x9e3779b1u % CACHE_SIZE];
	uint64_t entry = __atomic_load_n(cached, __ATOMIC_ACQUIRE),
		 tag = CACHE_TAG(ledger->serial, epoch);
	uint32_t number = CACHE_RECORD_OF(entry);

	if (CACHE_TAG_OF(entry) != tag || number == 0 ||
	    ledger->modules[number].start != span.start) {
		number = search(&span, epoch);
		if (number == 0)
			number = enter(&span, epoch);
		if (number == 0)
			return FRAME_MAKE(0, return_address);
		__atomic_store_n(cached, tag | number, __ATOMIC_RELEASE);
	}
	return FRAME_MAKE(number, return_address - span.bias);
}
