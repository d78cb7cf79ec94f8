/* SPDX-License-Identifier: MIT */
/*
 * Tail calls by DWARF's call sites. An optimised function whose last act is a call jumps there: the
 * line that owns a descriptor would be missing from the stack. The call site of the frame below
 * still tells which function was entered, and that function's own call sites where it can have
 * gone.
 */
#include "tail_calls.h"
#include "unit_functions.h"

#include <dwarf.h>
#include <string.h>

#define DEPTH_LIMIT 64
/* Entries read for one address: a sibling that points backwards would go on for ever. */
#define ENTRY_LIMIT (1u << 20)
/* Tail calls followed for one address: each looks for a function among its unit's. */
#define SITE_LIMIT 1024
/* Copies of one function that the compiler made for different callers. */
#define COPY_LIMIT 8

struct search {
	struct unit_index *index;
	tail_call_symbol *symbol;
	void *context;
	const void *inner; /* the inner frame's function, where its entry stands; NULL: outside */
	const void *entered[TAIL_CALL_LIMIT];
	uint64_t path[TAIL_CALL_LIMIT], found[TAIL_CALL_LIMIT]; /* outermost first */
	size_t length;						/* of found */
	unsigned chains;
	unsigned entries, sites; /* read so far */
	bool unsure;		 /* a limit was met: other chains may exist */
};

struct call_site {
	uint64_t address; /* in the call: not what runs after it */
	bool tail;
	bool direct;
	Dwarf_Die origin;
};

/* Called for each; false stops the walk. */
typedef bool on_call_site(void *data, const struct call_site *site);

static bool read_address(Dwarf_Die *entry, unsigned name, uint64_t *address)
{
	Dwarf_Attribute attribute;
	Dwarf_Addr value;
	if (!dwarf_attr(entry, name, &attribute) || dwarf_formaddr(&attribute, &value))
		return false;
	*address = value;
	return true;
}

static bool read_flag(Dwarf_Die *entry, unsigned name)
{
	Dwarf_Attribute attribute;
	bool value = false;
	return dwarf_attr(entry, name, &attribute) && !dwarf_formflag(&attribute, &value) && value;
}

static bool read_call_site(Dwarf_Die *entry, struct call_site *site)
{
	bool gnu = dwarf_tag(entry) == DW_TAG_GNU_call_site;
	Dwarf_Attribute attribute;
	*site = (struct call_site){ .tail = false };
	site->tail = read_flag(entry, gnu ? DW_AT_GNU_tail_call : DW_AT_call_tail_call);
	site->direct =
		dwarf_attr(entry, gnu ? DW_AT_abstract_origin : DW_AT_call_origin, &attribute) &&
		dwarf_formref_die(&attribute, &site->origin);
	/* gcc tells of jumps too what comes after them; clang, when told not to write for gdb,
	 * where they are. */
	if (read_address(entry, gnu ? DW_AT_low_pc : DW_AT_call_return_pc, &site->address) &&
	    site->address) {
		site->address--;
		return true;
	}
	return !gnu && read_address(entry, DW_AT_call_pc, &site->address);
}

static bool each_call_site(struct search *search, Dwarf_Die *parent, unsigned depth,
			   on_call_site *call, void *data)
{
	Dwarf_Die child;
	if (dwarf_child(parent, &child))
		return true;
	if (depth == DEPTH_LIMIT) {
		search->unsure = true;
		return false;
	}
	do {
		struct call_site site;
		if (++search->entries > ENTRY_LIMIT) {
			search->unsure = true;
			return false;
		}
		switch (dwarf_tag(&child)) {
		case DW_TAG_call_site:
		case DW_TAG_GNU_call_site:
			if (read_call_site(&child, &site) && !call(data, &site))
				return false;
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			if (!each_call_site(search, &child, depth + 1, call, data))
				return false;
			break;
		default:
			break;
		}
	} while (!dwarf_siblingof(&child, &child));
	return true;
}

static const char *symbol_name(Dwarf_Die *function)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;
	if (dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(function, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	return name ? name : dwarf_diename(function);
}

/* The functions with code that a call site can mean, as its origin may be a declaration, or the
 * abstract instance of what was inlined elsewhere. None: of another module. */
static size_t definitions(struct search *search, const struct call_site *site, Dwarf_Die *caller,
			  Dwarf_Die functions[COPY_LIMIT])
{
	Dwarf_Die origin = site->origin, unit;
	if (dwarf_hasattr(&origin, DW_AT_low_pc) || dwarf_hasattr(&origin, DW_AT_ranges)) {
		functions[0] = origin;
		return 1;
	}
	size_t count = dwarf_functions_of(search->index, &origin, &origin, functions, COPY_LIMIT);
	/* Link-time optimisation leaves the origin in the unit that it was compiled in. */
	if (!count && dwarf_diecu(caller, &unit, NULL, NULL))
		count = dwarf_functions_of(search->index, caller, &origin, functions, COPY_LIMIT);
	if (count == COPY_LIMIT)
		search->unsure = true;
	if (count || !dwarf_hasattr_integrate(&origin, DW_AT_external))
		return count;

	const char *name = symbol_name(&origin), *other;
	uint64_t address = name ? search->symbol(search->context, name) : 0;
	if (!address || !dwarf_function_at(search->index, address, &functions[0]))
		return 0;
	/* Of functions with the same code the linker keeps one: its name and line would mislead. */
	other = symbol_name(&functions[0]);
	return other && !strcmp(name, other);
}

static void chain_found(struct search *search, size_t length)
{
	search->chains++;
	search->length = length;
	memcpy(search->found, search->path, sizeof(search->found));
}

struct step {
	struct search *search;
	Dwarf_Die *function;
	size_t depth;
};

static void follow(struct search *search, Dwarf_Die *function, size_t depth);

static bool follow_site(void *data, const struct call_site *site)
{
	const struct step *step = data;
	struct search *search = step->search;
	Dwarf_Die functions[COPY_LIMIT];
	size_t count = 0;
	if (!site->tail)
		return true;
	if (++search->sites > SITE_LIMIT) {
		search->unsure = true;
		return false;
	}
	search->path[step->depth] = site->address;
	if (site->direct)
		count = definitions(search, site, step->function, functions);
	/* Through a pointer it can have gone anywhere. */
	if (!site->direct || (!count && !search->inner)) {
		chain_found(search, step->depth + 1);
		return search->chains < 2;
	}
	for (size_t i = 0; i < count; i++) {
		if (functions[i].addr == search->inner) {
			chain_found(search, step->depth + 1);
			return search->chains < 2;
		}
	}
	for (size_t i = 0; i < count; i++)
		follow(search, &functions[i], step->depth + 1);
	return search->chains < 2 && !search->unsure;
}

static void follow(struct search *search, Dwarf_Die *function, size_t depth)
{
	/* A second time around leads nowhere that the first did not. */
	for (size_t i = 0; i < depth; i++) {
		if (search->entered[i] == function->addr)
			return;
	}
	if (depth == TAIL_CALL_LIMIT) {
		search->unsure = true;
		return;
	}
	search->entered[depth] = function->addr;
	struct step step = { search, function, depth };
	each_call_site(search, function, 0, follow_site, &step);
}

struct wanted {
	uint64_t address;
	bool found;
	struct call_site site;
};

static bool match_site(void *data, const struct call_site *site)
{
	struct wanted *wanted = data;
	if (site->tail || site->address != wanted->address)
		return true;
	wanted->found = true;
	wanted->site = *site;
	return false;
}

size_t tail_calls_find(struct unit_index *index, tail_call_symbol *symbol, void *context,
		       uint64_t address, uint64_t inner, uint64_t calls[TAIL_CALL_LIMIT])
{
	struct search search = { .index = index, .symbol = symbol, .context = context };
	struct wanted wanted = { .address = address };
	Dwarf_Die caller, inside, functions[COPY_LIMIT];

	if (!dwarf_function_at(index, address, &caller))
		return 0;
	each_call_site(&search, &caller, 0, match_site, &wanted);
	if (!wanted.found || !wanted.site.direct)
		return 0;
	if (inner != OBJECT_OUTSIDE) {
		if (!dwarf_function_at(index, inner, &inside))
			return 0;
		search.inner = inside.addr;
	}
	size_t count = definitions(&search, &wanted.site, &caller, functions);
	for (size_t i = 0; i < count; i++) {
		if (functions[i].addr == search.inner)
			return 0;
	}
	for (size_t i = 0; i < count; i++)
		follow(&search, &functions[i], 0);
	if (search.chains != 1 || search.unsure)
		return 0;
	for (size_t i = 0; i < search.length; i++)
		calls[i] = search.found[search.length - 1 - i];
	return search.length;
}
