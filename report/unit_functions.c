/* SPDX-License-Identifier: MIT */
/* The functions of compilation units by address. */
#include "unit_functions.h"

#include "hash.h"

#include <dwarf.h>

#define DEPTH_LIMIT 64
#define RANGE_LIMIT (4u << 20)

struct function_range {
	Dwarf_Addr start, end;
	Dwarf_Die function;
	const void *declared; /* where its declaration stands; NULL: not looked up yet */
};

struct unit_functions {
	UT_hash_handle hh;
	const void *unit; /* where its entry stands: tells units apart, those of split files too */
	struct function_range *ranges; /* sorted by start */
	size_t count, capacity;
};

bool unit_entry_names_scope(Dwarf_Die *entry)
{
	switch (dwarf_tag(entry)) {
	case DW_TAG_namespace:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

Dwarf_Die unit_entry_declaration(Dwarf_Die entry)
{
	static const unsigned links[] = { DW_AT_abstract_origin, DW_AT_specification };
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		Dwarf_Attribute attribute;
		Dwarf_Die next;
		if (dwarf_attr(&entry, links[i], &attribute) &&
		    dwarf_formref_die(&attribute, &next))
			entry = next;
	}
	return entry;
}

static bool add(struct unit_functions *functions, const struct function_range *range)
{
	if (functions->count == functions->capacity) {
		size_t capacity = functions->capacity ? 2 * functions->capacity : 64;
		struct function_range *ranges =
			capacity <= RANGE_LIMIT
				? reallocarray(functions->ranges, capacity, sizeof(*ranges))
				: NULL;
		if (!ranges)
			return false;
		functions->ranges = ranges;
		functions->capacity = capacity;
	}
	functions->ranges[functions->count++] = *range;
	return true;
}

static bool add_function(struct unit_functions *functions, Dwarf_Die *function)
{
	struct function_range range = { .function = *function };
	Dwarf_Addr base;
	ptrdiff_t next = 0;
	while ((next = dwarf_ranges(function, next, &base, &range.start, &range.end)) > 0) {
		/* What the linker threw away stands at 0. */
		if (range.start && range.start < range.end && !add(functions, &range))
			return false;
	}
	return true;
}

static bool collect(struct unit_functions *functions, Dwarf_Die *parent, unsigned depth)
{
	Dwarf_Die child;
	if (depth == DEPTH_LIMIT || dwarf_child(parent, &child))
		return true;
	do {
		if (dwarf_tag(&child) == DW_TAG_subprogram) {
			if (!add_function(functions, &child))
				return false;
		} else if (unit_entry_names_scope(&child) &&
			   !collect(functions, &child, depth + 1)) {
			return false;
		}
	} while (!dwarf_siblingof(&child, &child));
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct function_range *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

static struct unit_functions *read_unit(struct unit_functions **all, Dwarf_Die *unit)
{
	struct unit_functions *made;
	HASH_FIND_PTR(*all, &unit->addr, made);
	if (made)
		return made;
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->unit = unit->addr;
	HASH_ADD_PTR(*all, unit, made);
	collect(made, unit, 0);
	if (made->count)
		qsort(made->ranges, made->count, sizeof(*made->ranges), compare);
	return made;
}

bool unit_functions_find(struct unit_functions **all, Dwarf_Die *unit, Dwarf_Addr address,
			 Dwarf_Die *function)
{
	const struct unit_functions *functions = read_unit(all, unit);
	size_t low = 0, high = functions ? functions->count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (functions->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= functions->ranges[low - 1].end)
		return false;
	*function = functions->ranges[low - 1].function;
	return true;
}

size_t unit_functions_declared(struct unit_functions **all, Dwarf_Die *unit,
			       const Dwarf_Die *declared, Dwarf_Die *functions, size_t limit)
{
	struct unit_functions *known = read_unit(all, unit);
	Dwarf_Die wanted = unit_entry_declaration(*declared);
	size_t count = 0;
	for (size_t i = 0; known && i < known->count && count < limit; i++) {
		struct function_range *range = &known->ranges[i];
		const Dwarf_Die *function = &range->function;
		if (!range->declared)
			range->declared = unit_entry_declaration(*function).addr;
		if (range->declared != wanted.addr)
			continue;
		/* One with several ranges stands there several times. */
		size_t before = 0;
		while (before < count && functions[before].addr != function->addr)
			before++;
		if (before == count)
			functions[count++] = *function;
	}
	return count;
}

void unit_functions_free(struct unit_functions *all)
{
	struct unit_functions *functions, *next;
	HASH_ITER (hh, all, functions, next) {
		HASH_DEL(all, functions);
		free(functions->ranges);
		free(functions);
	}
}
