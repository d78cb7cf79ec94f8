/* SPDX-License-Identifier: MIT */
/*
 * From an address to functions and lines by DWARF. The unit is found by .debug_aranges, which gcc
 * writes; clang and rustc don't, so for what is missing there the units' own ranges are read once,
 * which touches a unit's first entry only. Within the unit the entries are walked down to the
 * innermost scope.
 */
#include "object_dwarf.h"
#include "demangle.h"
#include "unit_functions.h"
#include "unit_scopes.h"

#include <dwarf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hundred times what a browser has; hostile files could ask for more. */
#define RANGE_LIMIT (16u << 20)
/* Deeper than compilers inline. */
#define SCOPE_LIMIT 256

struct unit_range {
	Dwarf_Addr start, end;
	Dwarf_Off unit; /* its entry's offset */
};

struct unit_index {
	Dwarf *dwarf;
	bool made, split;
	struct unit_range *ranges; /* sorted by start */
	size_t count, capacity;
	struct unit_functions *functions;
	struct unit_scopes *scopes;
};

struct unit_index *unit_index_new(Dwarf *dwarf)
{
	struct unit_index *index = calloc(1, sizeof(*index));
	if (index)
		index->dwarf = dwarf;
	return index;
}

void unit_index_free(struct unit_index *index)
{
	if (!index)
		return;
	unit_functions_free(index->functions);
	unit_scopes_free(index->scopes);
	free(index->ranges);
	free(index);
}

bool unit_index_is_split(const struct unit_index *index)
{
	return index->split;
}

static bool index_add(struct unit_index *index, const struct unit_range *range)
{
	if (index->count == index->capacity) {
		size_t capacity = index->capacity ? 2 * index->capacity : 1024;
		struct unit_range *ranges = reallocarray(index->ranges, capacity, sizeof(*ranges));
		if (!ranges || capacity > RANGE_LIMIT)
			return false;
		index->ranges = ranges;
		index->capacity = capacity;
	}
	index->ranges[index->count++] = *range;
	return true;
}

static int range_compare(const void *left, const void *right)
{
	const struct unit_range *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

static void index_make(struct unit_index *index)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Die top, split;

	index->made = true;
	while (dwarf_get_units(index->dwarf, unit, &unit, &version, &type, &top, &split) == 0) {
		struct unit_range range = { .unit = dwarf_dieoffset(&top) };
		if (type == DW_UT_type || type == DW_UT_split_type || type == DW_UT_partial)
			continue;
		Dwarf_Addr base;
		ptrdiff_t next = 0;
		while ((next = dwarf_ranges(&top, next, &base, &range.start, &range.end)) > 0) {
			/* Functions that the linker threw away stay behind at address 0. */
			if (!range.start || range.start >= range.end)
				continue;
			if (!index_add(index, &range))
				goto done;
		}
	}
done:
	if (index->count)
		qsort(index->ranges, index->count, sizeof(*index->ranges), range_compare);
}

static bool index_find(struct unit_index *index, Dwarf_Addr address, Dwarf_Die *unit)
{
	if (dwarf_addrdie(index->dwarf, address, unit))
		return true;
	if (!index->made)
		index_make(index);

	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (index->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Ranges of different units overlap only in broken files: a few steps back are enough. */
	for (size_t i = low; i-- > 0 && low - i <= 16;) {
		const struct unit_range *range = &index->ranges[i];
		if (address < range->end)
			return dwarf_offdie(index->dwarf, range->unit, unit) != NULL;
	}
	return false;
}

/* A name without linkage, as of an anonymous namespace, with the scopes around it. */
static char *qualified_name(struct unit_index *index, Dwarf_Die *die, const char *name)
{
	char *result = strdup(name);
	Dwarf_Die scopes[SCOPE_LIMIT], declared = unit_entry_declaration(*die);
	size_t count = unit_scopes_around(&index->scopes, &declared, scopes, SCOPE_LIMIT);
	while (count-- && result && unit_entry_names_scope(&scopes[count])) {
		const char *scope = dwarf_diename(&scopes[count]);
		char *longer;
		if (!scope)
			scope = dwarf_tag(&scopes[count]) == DW_TAG_namespace
					? "(anonymous namespace)"
					: "{unnamed}";
		int length = asprintf(&longer, "%s::%s", scope, result);
		free(result);
		result = length < 0 ? NULL : longer;
	}
	return result;
}

static bool in_c(Dwarf_Die *die)
{
	Dwarf_Die unit;
	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return false;
	switch (dwarf_srclang(&unit)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_Mips_Assembler:
		return true;
	default:
		return false;
	}
}

static char *function_name(struct unit_index *index, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;
	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	if (name && *name)
		return demangle(name);
	name = dwarf_diename(die);
	if (!name || !*name)
		return NULL;
	return in_c(die) ? strdup(name) : qualified_name(index, die, name);
}

/* Takes "/./" and "//" out, which compilers leave when they join folder and name. */
static void shorten(char *path)
{
	char *to = path;
	for (const char *from = path; *from;) {
		if (from[0] == '/' && from[1] == '/')
			from++;
		else if (from[0] == '/' && from[1] == '.' && from[2] == '/')
			from += 2;
		else
			*to++ = *from++;
	}
	*to = '\0';
}

/* The path, from the folder on in which the unit was compiled. */
static char *file_name(Dwarf_Die *unit, const char *path)
{
	Dwarf_Attribute attribute;
	const char *folder = NULL;
	char *joined = NULL;
	if (!path || !*path)
		return NULL;
	if (path[0] != '/' && dwarf_attr(unit, DW_AT_comp_dir, &attribute))
		folder = dwarf_formstring(&attribute);
	if (!folder || !*folder)
		joined = strdup(path);
	else if (asprintf(&joined, "%s/%s", folder, path) < 0)
		joined = NULL;
	if (joined)
		shorten(joined);
	return joined;
}

/* Where the code of an inlined function was called. */
static void call_position(Dwarf_Die *inlined, Dwarf_Die *skeleton, struct position *position)
{
	Dwarf_Attribute attribute;
	Dwarf_Word file, line;
	Dwarf_Die unit;
	Dwarf_Files *files;
	size_t count;

	if (dwarf_attr_integrate(inlined, DW_AT_call_line, &attribute) &&
	    !dwarf_formudata(&attribute, &line) && line <= UINT32_MAX)
		position->line = (unsigned)line;
	/* Found in the scope's own unit: after link-time optimisation the caller stands in another
	 * one. */
	if (dwarf_attr_integrate(inlined, DW_AT_call_file, &attribute) &&
	    !dwarf_formudata(&attribute, &file) && dwarf_diecu(inlined, &unit, NULL, NULL) &&
	    !dwarf_getsrcfiles(&unit, &files, &count) && file < count)
		position->file = file_name(dwarf_hasattr(&unit, DW_AT_comp_dir) ? &unit : skeleton,
					   dwarf_filesrc(files, file, NULL, NULL));
}

static void line_position(Dwarf_Die *unit, Dwarf_Addr address, struct position *position)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int number = 0;
	if (!line)
		return;
	position->file = file_name(unit, dwarf_linesrc(line, NULL, NULL));
	/* 0 marks code that belongs to no line. */
	if (!dwarf_lineno(line, &number) && number > 0)
		position->line = (unsigned)number;
}

static bool is_function(int tag)
{
	return tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram ||
	       tag == DW_TAG_entry_point;
}

/* The entries around an address, outermost first. Not dwarf_getscopes: that leaves an inlined
 * function for the place of its definition, and loses it when link-time optimisation put that into
 * another unit. */
struct scopes {
	Dwarf_Addr address;
	bool everywhere; /* look into functions beside the address too, for the functions nested in
			    them */
	Dwarf_Die entries[SCOPE_LIMIT];
	unsigned count;
};

static bool has_code(Dwarf_Die *entry)
{
	return dwarf_hasattr(entry, DW_AT_low_pc) || dwarf_hasattr(entry, DW_AT_ranges);
}

/* Whether to look into an entry that doesn't hold the address itself. */
static bool may_hold(const struct scopes *scopes, Dwarf_Die *entry)
{
	int tag = dwarf_tag(entry);
	return unit_entry_names_scope(entry) || (tag == DW_TAG_lexical_block && !has_code(entry)) ||
	       (tag == DW_TAG_subprogram && scopes->everywhere);
}

static bool scopes_descend(struct scopes *scopes, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die child;
	if (depth == SCOPE_LIMIT || dwarf_child(parent, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);
		bool holds = (is_function(tag) || tag == DW_TAG_lexical_block ||
			      tag == DW_TAG_try_block || tag == DW_TAG_catch_block) &&
			     has_code(&child) && dwarf_haspc(&child, scopes->address) > 0;
		if (holds && scopes->count < SCOPE_LIMIT) {
			scopes->entries[scopes->count++] = child;
			scopes_descend(scopes, &child, depth + 1);
			return true;
		}
		if (may_hold(scopes, &child) && scopes_descend(scopes, &child, depth + 1))
			return true;
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

/* With split DWARF the lines stay in the skeleton, the functions are in the .dwo. */
static Dwarf_Die with_entries(struct unit_index *index, Dwarf_Die unit)
{
	Dwarf_Die split;
	uint8_t type = DW_UT_compile;
	memset(&split, 0, sizeof(split));
	if (dwarf_cu_info(unit.cu, NULL, &type, NULL, &split, NULL, NULL, NULL))
		return unit;
	index->split |= type == DW_UT_skeleton || split.addr;
	return split.addr ? split : unit;
}

bool dwarf_function_at(struct unit_index *index, uint64_t address, Dwarf_Die *function)
{
	Dwarf_Die unit;
	if (!index_find(index, address, &unit))
		return false;
	unit = with_entries(index, unit);
	return unit_functions_find(&index->functions, &unit, address, function);
}

size_t dwarf_functions_of(struct unit_index *index, Dwarf_Die *within, const Dwarf_Die *declared,
			  Dwarf_Die *functions, size_t limit)
{
	Dwarf_Die unit;
	if (!dwarf_diecu(within, &unit, NULL, NULL))
		return 0;
	return unit_functions_declared(&index->functions, &unit, declared, functions, limit);
}

int dwarf_positions(struct unit_index *index, uint64_t address, struct position **positions,
		    size_t *count)
{
	Dwarf_Die unit;
	*positions = NULL;
	*count = 0;
	if (!index_find(index, address, &unit))
		return 0;

	Dwarf_Die entries = with_entries(index, unit);
	struct scopes scopes = { .address = address };
	Dwarf_Die function;
	if (unit_functions_find(&index->functions, &entries, address, &function)) {
		scopes.entries[scopes.count++] = function;
		scopes_descend(&scopes, &function, 0);
	} else {
		scopes.everywhere = true;
		scopes_descend(&scopes, &entries, 0);
	}
	struct position *made = calloc((size_t)scopes.count + 1, sizeof(*made));
	if (!made)
		return -ENOMEM;
	struct position place = { 0 };
	size_t filled = 0;
	line_position(&unit, address, &place);
	for (unsigned i = scopes.count; i-- > 0;) {
		Dwarf_Die *scope = &scopes.entries[i];
		int tag = dwarf_tag(scope);
		if (!is_function(tag))
			continue;
		place.function = function_name(index, scope);
		place.inlined = tag == DW_TAG_inlined_subroutine;
		made[filled++] = place;
		place = (struct position){ 0 };
		if (tag != DW_TAG_inlined_subroutine)
			break;
		call_position(scope, &unit, &place);
	}
	if (!filled && place.file)
		made[filled++] = place;
	else
		free(place.file); /* a caller that no scope around it names */
	*positions = made;
	*count = filled;
	return 0;
}
