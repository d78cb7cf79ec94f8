/* SPDX-License-Identifier: MIT */
/* The entries around an entry. libdw's own search reads the whole unit for each one. */
#ifndef UNIT_SCOPES_H
#define UNIT_SCOPES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct unit_scopes;

/* The entries around `entry`, outermost first, without its unit; at most `limit`, else none. *all
 * keeps what was read, for unit_scopes_free; NULL at first. */
size_t unit_scopes_around(struct unit_scopes **all, Dwarf_Die *entry, Dwarf_Die *scopes,
			  size_t limit);
void unit_scopes_free(struct unit_scopes *all);

#endif
