/* SPDX-License-Identifier: MIT */
/*
 * One ELF file with what describes it. Names come from DWARF where there is any, else from the
 * symbol tables, which libdwfl merges (.symtab, .dynsym, the debug file's, the compressed ones of
 * .gnu_debugdata). Addresses are the file's own, so the module is reported at bias 0.
 */
#include "object.h"
#include "debug_file.h"
#include "demangle.h"
#include "object_dwarf.h"
#include "object_names.h"
#include "regular_file.h"
#include "tail_calls.h"

#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct object {
	char *path, *root;
	Dwfl *dwfl;
	Dwfl_Module *module;
	Elf *elf; /* dwfl's */
	struct debug_file debug, shared;
	Dwarf *dwarf, *shared_dwarf;
	struct unit_index *units;
	struct object_names *names; /* made when first needed */
	struct object_sources sources;
	bool symbols_only;
	bool searched; /* for DWARF */
};

/* libdwfl asks for the debug file when the program has no .symtab: hand it the one that we found.
 */
static int give_debug_file(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			   const char *file, const char *link, GElf_Word checksum, char **found)
{
	(void)module, (void)name, (void)base, (void)file, (void)link, (void)checksum, (void)found;
	const struct object *object = *userdata;
	return object && object->debug.fd >= 0 ? dup(object->debug.fd) : -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = give_debug_file,
};

static bool has_elf_magic(int fd)
{
	char magic[SELFMAG];
	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	       !memcmp(magic, ELFMAG, SELFMAG);
}

static int open_file(const struct object_request *request)
{
	int fd = regular_file_open(request->root, request->path);
	/* The process is gone and its root with it, or not ours to enter: our own view is as good
	 * when the build-id proves it. */
	if (fd < 0 && request->build_id_size && request->root && *request->root &&
	    access(request->root, X_OK)) {
		int ours = regular_file_open("", request->path);
		if (ours >= 0)
			return ours;
	}
	return fd;
}

static enum object_trouble trouble_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return OBJECT_REFUSED;
	case EINVAL:
		return OBJECT_FOREIGN;
	default:
		return OBJECT_GONE;
	}
}

static void source_note(int fd, uint64_t *size, uint64_t *changed_ns)
{
	struct stat status;
	if (fd < 0 || fstat(fd, &status))
		return;
	*size = (uint64_t)status.st_size;
	*changed_ns =
		(uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
}

/* Reports the file to libdwfl, which owns fd from then on. */
static bool load(struct object *object, int fd)
{
	void **userdata;
	GElf_Addr bias;
	object->dwfl = dwfl_begin(&callbacks);
	if (!object->dwfl) {
		close(fd);
		return false;
	}
	dwfl_report_begin(object->dwfl);
	object->module = dwfl_report_elf(object->dwfl, "", object->path, fd, 0, true);
	if (!object->module) {
		close(fd);
		return false;
	}
	dwfl_report_end(object->dwfl, NULL, NULL);
	dwfl_module_info(object->module, &userdata, NULL, NULL, NULL, NULL, NULL, NULL);
	*userdata = object;
	object->elf = dwfl_module_getelf(object->module, &bias);
	return object->elf && bias == 0;
}

static bool build_id_fits(Elf *elf, const struct object_request *request)
{
	const void *build_id;
	if (!request->build_id_size)
		return true;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &build_id);
	return size > 0 && (size_t)size == request->build_id_size &&
	       !memcmp(build_id, request->build_id, request->build_id_size);
}

struct object *object_open(const struct object_request *request, enum object_trouble *trouble)
{
	int fd = open_file(request);
	if (fd < 0) {
		*trouble = trouble_of(-fd);
		return NULL;
	}
	/* Before libdwfl sees it: that would unpack a file that is compressed as a whole. */
	if (!has_elf_magic(fd)) {
		*trouble = OBJECT_FOREIGN;
		close(fd);
		return NULL;
	}

	elf_version(EV_CURRENT);
	struct object *object = calloc(1, sizeof(*object));
	*trouble = OBJECT_DAMAGED;
	if (!object) {
		close(fd);
		return NULL;
	}
	object->debug.fd = object->shared.fd = -1;
	object->symbols_only = request->symbols_only;
	object->path = strdup(request->path);
	object->root = strdup(request->root ? request->root : "");
	if (!object->path || !object->root) {
		close(fd);
		goto failed;
	}
	source_note(fd, &object->sources.file.size, &object->sources.file.changed_ns);
	if (!load(object, fd))
		goto failed;
	if (!build_id_fits(object->elf, request)) {
		*trouble = OBJECT_REPLACED;
		goto failed;
	}
	*trouble = OBJECT_GOOD;
	return object;
failed:
	object_close(object);
	return NULL;
}

void object_close(struct object *object)
{
	if (!object)
		return;
	object_names_free(object->names);
	unit_index_free(object->units);
	dwarf_end(object->dwarf);
	dwarf_end(object->shared_dwarf);
	if (object->dwfl)
		dwfl_end(object->dwfl);
	debug_file_close(&object->debug);
	debug_file_close(&object->shared);
	free(object->path);
	free(object->root);
	free(object);
}

bool object_is_library(const struct object *object)
{
	GElf_Ehdr header;
	size_t count;
	if (!gelf_getehdr(object->elf, &header) || header.e_type != ET_DYN ||
	    elf_getphdrnum(object->elf, &count))
		return false;
	for (size_t i = 0; i < count && i < UINT16_MAX; i++) {
		GElf_Phdr segment;
		if (gelf_getphdr(object->elf, (int)i, &segment) && segment.p_type == PT_INTERP)
			return false;
	}
	return true;
}

static Dwarf *dwarf_with_units(Elf *elf)
{
	Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	Dwarf_CU *unit = NULL;
	/* A stripped file may keep .debug_frame, and that alone names nothing. */
	if (dwarf && dwarf_get_units(dwarf, NULL, &unit, NULL, NULL, NULL, NULL) != 0) {
		dwarf_end(dwarf);
		return NULL;
	}
	return dwarf;
}

static void search_dwarf(struct object *object)
{
	object->searched = true;
	const char *path = object->path;
	if (!object->symbols_only)
		object->dwarf = dwarf_with_units(object->elf);
	if (!object->dwarf &&
	    debug_file_find(object->elf, object->root, object->path, &object->debug) &&
	    !object->symbols_only) {
		object->dwarf = dwarf_with_units(object->debug.elf);
		path = object->debug.path;
	}
	if (!object->dwarf)
		return;
	if (debug_file_find_shared(object->dwarf, object->root, path, &object->shared)) {
		object->shared_dwarf = dwarf_begin_elf(object->shared.elf, DWARF_C_READ, NULL);
		if (object->shared_dwarf)
			dwarf_setalt(object->dwarf, object->shared_dwarf);
	}
	object->units = unit_index_new(object->dwarf);
}

void object_sources(struct object *object, struct object_sources *sources)
{
	if (!object->searched)
		search_dwarf(object);
	*sources = object->sources;
	source_note(object->debug.fd, &sources->debug.size, &sources->debug.changed_ns);
	source_note(object->shared.fd, &sources->shared.size, &sources->shared.changed_ns);
}

bool object_is_passing(const struct object *object)
{
	return object->units && unit_index_is_split(object->units);
}

static char *symbol_name(struct object *object, uint64_t address)
{
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name =
		dwfl_module_addrinfo(object->module, address, &offset, &symbol, NULL, NULL, NULL);
	return name && *name ? demangle(name) : NULL;
}

void positions_free(struct position *positions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(positions[i].function);
		free(positions[i].file);
	}
	free(positions);
}

static int positions_at(struct object *object, uint64_t address, struct position **positions,
			size_t *count)
{
	struct position *made = NULL;
	size_t filled = 0;
	if (object->units) {
		int error = dwarf_positions(object->units, address, &made, &filled);
		if (error)
			return error;
	}
	if (!filled) {
		free(made);
		made = calloc(1, sizeof(*made));
		if (!made)
			return -ENOMEM;
		filled = 1;
	}
	/* The outermost function is the one that the symbol table knows. */
	struct position *outermost = &made[filled - 1];
	if (!outermost->function)
		outermost->function = symbol_name(object, address);
	if (filled == 1 && !outermost->function && !outermost->file)
		filled = 0;
	for (size_t i = 0; i < filled; i++)
		made[i].address = address;
	*positions = made;
	*count = filled;
	return 0;
}

static uint64_t symbol_address(void *context, const char *name)
{
	struct object *object = context;
	if (!object->names)
		object->names = object_names_new(object->module);
	return object->names ? object_names_find(object->names, name) : 0;
}

/* Puts what is known of the tail call at `address` into `positions`, from place `at` on. */
static int add_tail_call(struct object *object, uint64_t address, struct position **positions,
			 size_t *count, size_t at)
{
	struct position *made;
	size_t more;
	int error = positions_at(object, address, &made, &more);
	if (error)
		return error;
	struct position *all = reallocarray(*positions, *count + more + 1, sizeof(*all));
	if (!all) {
		positions_free(made, more);
		return -ENOMEM;
	}
	memmove(all + at + more, all + at, (*count - at) * sizeof(*all));
	for (size_t i = 0; i < more; i++) {
		all[at + i] = made[i];
		all[at + i].tail_call = true;
	}
	free(made);
	*positions = all;
	*count += more;
	return 0;
}

int object_positions(struct object *object, uint64_t address, uint64_t inner,
		     struct position **positions, size_t *count)
{
	uint64_t calls[TAIL_CALL_LIMIT];
	if (!object->searched)
		search_dwarf(object);
	int error = positions_at(object, address, positions, count);
	if (error || !object->units)
		return error;
	size_t own = *count, jumps = tail_calls_find(object->units, symbol_address, object, address,
						     inner, calls);
	for (size_t i = 0; i < jumps && !error; i++)
		error = add_tail_call(object, calls[i], positions, count, *count - own);
	if (error)
		positions_free(*positions, *count);
	return error;
}
