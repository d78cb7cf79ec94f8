/* SPDX-License-Identifier: MIT */
/* The functions of compilation units by address, each unit read once: one can have a million
 * entries. */
#ifndef UNIT_FUNCTIONS_H
#define UNIT_FUNCTIONS_H

#include <elfutils/libdw.h>
#include <stdbool.h>

struct unit_functions;

/* The function of `unit` that holds `address`, but none that is nested in another. *all keeps what
 * was read, for unit_functions_free; NULL at first. */
bool unit_functions_find(struct unit_functions **all, Dwarf_Die *unit, Dwarf_Addr address,
			 Dwarf_Die *function);
/* Those that were declared where `declared` was, at most `limit`: copies of one function. */
size_t unit_functions_declared(struct unit_functions **all, Dwarf_Die *unit,
			       const Dwarf_Die *declared, Dwarf_Die *functions, size_t limit);
void unit_functions_free(struct unit_functions *all);

/* The entry that stands where the function was declared, which is what tells its namespace. */
Dwarf_Die unit_entry_declaration(Dwarf_Die entry);

/* A namespace, class, structure or union: holds functions, without code of its own. */
bool unit_entry_names_scope(Dwarf_Die *entry);

#endif
