/* SPDX-License-Identifier: MIT */
/* What DWARF says of an address: the functions, inlined ones unfolded, and the lines. */
#ifndef OBJECT_DWARF_H
#define OBJECT_DWARF_H

#include "object.h"

#include <elfutils/libdw.h>

struct unit_index;

/* The units of `dwarf` by address; made at the first address that .debug_aranges doesn't know. */
struct unit_index *unit_index_new(Dwarf *dwarf);
void unit_index_free(struct unit_index *index);
/* Whether a unit that was looked at has its entries in a file of its own, or should have them. */
bool unit_index_is_split(const struct unit_index *index);

/* As object_positions; a position's function is NULL where only the line is known. */
int dwarf_positions(struct unit_index *index, uint64_t address, struct position **positions,
		    size_t *count);

/* The function that holds `address`, inlined ones and nested ones not regarded. */
bool dwarf_function_at(struct unit_index *index, uint64_t address, Dwarf_Die *function);
/* The functions with code that `declared` became in the unit of `within`. Returns how many. */
size_t dwarf_functions_of(struct unit_index *index, Dwarf_Die *within, const Dwarf_Die *declared,
			  Dwarf_Die *functions, size_t limit);

#endif
