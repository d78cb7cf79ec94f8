/* SPDX-License-Identifier: MIT */
/* The addresses of a module's functions that other units can call, by name: sorted once, for a
 * browser has a million.
 */
#include "object_names.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum binding { ELSEWHERE, GLOBAL, LOCAL };

struct named {
	const char *name; /* libdwfl's */
	size_t length;	  /* without a version */
	uint64_t address;
	enum binding binding;
};

struct object_names {
	size_t count;
	struct named all[];
};

static int compare_names(const struct named *a, const struct named *b)
{
	int order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
	return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

static int compare(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int order = compare_names(a, b);
	return order ? order : (int)a->binding - (int)b->binding;
}

static bool is_wanted(const GElf_Sym *symbol, GElf_Addr address, struct named *named)
{
	if (symbol->st_shndx == SHN_UNDEF)
		named->binding = ELSEWHERE;
	else if (GELF_ST_TYPE(symbol->st_info) != STT_FUNC || !address)
		return false;
	else
		named->binding = GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? LOCAL : GLOBAL;
	named->address = address;
	return true;
}

struct object_names *object_names_new(Dwfl_Module *module)
{
	int symbols = dwfl_module_getsymtab(module);
	size_t room = symbols > 0 ? (size_t)symbols : 0;
	struct object_names *names = malloc(sizeof(*names) + room * sizeof(*names->all));
	if (!names)
		return NULL;
	names->count = 0;
	for (size_t i = 0; i < room; i++) {
		struct named *named = &names->all[names->count];
		GElf_Sym symbol;
		GElf_Addr address;
		named->name = dwfl_module_getsym_info(module, (int)i, &symbol, &address, NULL, NULL,
						      NULL);
		if (!named->name || !is_wanted(&symbol, address, named))
			continue;
		named->length = strcspn(named->name, "@");
		names->count += named->length > 0;
	}
	if (names->count)
		qsort(names->all, names->count, sizeof(*names->all), compare);
	return names;
}

void object_names_free(struct object_names *names)
{
	free(names);
}

uint64_t object_names_find(const struct object_names *names, const char *name)
{
	const struct named wanted = { .name = name, .length = strlen(name) };
	size_t low = 0, high = names->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_names(&names->all[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	const struct named *first = &names->all[low];
	/* What is imported is not a local function that happens to bear the name; but link-time
	 * optimisation makes global functions local. */
	if (low == names->count || compare_names(first, &wanted) || first->binding == ELSEWHERE)
		return 0;
	for (const struct named *one = first; one < &names->all[names->count]; one++) {
		if (compare_names(one, &wanted) || one->binding != first->binding)
			break;
		if (one->address != first->address)
			return 0;
	}
	return first->address;
}
