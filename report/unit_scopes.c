/* SPDX-License-Identifier: MIT */
/*
 * The entries around an entry. Entries stand in their unit as the tree's preorder, so the one that
 * holds another is the last of its siblings that begins before it. The outermost ones of a unit,
 * which are many, are listed once.
 */
#include "unit_scopes.h"

#include "hash.h"

/* Among the entries within one outermost entry: a sibling list of a hostile file is long. */
#define SIBLING_LIMIT	(1u << 20)
#define OUTERMOST_LIMIT (16u << 20)

struct unit_scopes {
	UT_hash_handle hh;
	const void *unit; /* where its entry stands: tells units apart, those of split files too */
	void **outermost; /* where they stand, ascending */
	size_t count, room;
};

/* The next sibling; not one that leads back. */
static bool next(Dwarf_Die *entry)
{
	Dwarf_Die sibling;

	if (dwarf_siblingof(entry, &sibling) || sibling.addr <= entry->addr)
		return false;
	*entry = sibling;
	return true;
}

static bool add(struct unit_scopes *scopes, void *address)
{
	if (scopes->count == scopes->room) {
		size_t room = scopes->room ? 2 * scopes->room : 256;
		void **larger = room <= OUTERMOST_LIMIT
					? reallocarray(scopes->outermost, room, sizeof(void *))
					: NULL;
		if (!larger)
			return false;
		scopes->outermost = larger;
		scopes->room = room;
	}
	scopes->outermost[scopes->count++] = address;
	return true;
}

static const struct unit_scopes *read_unit(struct unit_scopes **all, Dwarf_Die *unit)
{
	struct unit_scopes *made;
	Dwarf_Die child;

	HASH_FIND_PTR(*all, &unit->addr, made);
	if (made)
		return made;
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->unit = unit->addr;
	HASH_ADD_PTR(*all, unit, made);
	if (!dwarf_child(unit, &child))
		while (add(made, child.addr) && next(&child)) {
		}
	return made;
}

/* The last of a unit's outermost entries that begins at `address` or before. */
static bool find_outermost(const struct unit_scopes *scopes, const Dwarf_Die *unit,
			   const void *address, Dwarf_Die *found)
{
	size_t low = 0, high = scopes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (scopes->outermost[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	*found = (Dwarf_Die){ .addr = scopes->outermost[low - 1], .cu = unit->cu };
	return true;
}

size_t unit_scopes_around(struct unit_scopes **all, Dwarf_Die *entry, Dwarf_Die *scopes,
			  size_t limit)
{
	Dwarf_Die unit, around, sibling;
	size_t count = 0, siblings = 0;

	if (!dwarf_diecu(entry, &unit, NULL, NULL))
		return 0;
	const struct unit_scopes *known = read_unit(all, &unit);
	if (!known || !find_outermost(known, &unit, entry->addr, &around))
		return 0;
	while (around.addr != entry->addr) {
		if (count == limit || dwarf_child(&around, &sibling) || sibling.addr > entry->addr)
			return 0;
		scopes[count++] = around;
		do {
			around = sibling;
			if (++siblings > SIBLING_LIMIT)
				return 0;
		} while (next(&sibling) && sibling.addr <= entry->addr);
	}
	return count;
}

void unit_scopes_free(struct unit_scopes *all)
{
	struct unit_scopes *scopes, *following;

	HASH_ITER (hh, all, scopes, following) {
		HASH_DEL(all, scopes);
		free(scopes->outermost);
		free(scopes);
	}
}
