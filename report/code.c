/* SPDX-License-Identifier: MIT */
/* Stacks across ledgers; see code.h. */
#include "code.h"

#include "frame_numbers.h"
#include "hash.h"
#include "progress.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

struct code_module {
	UT_hash_handle hh;
	uint32_t index;
	bool self;
	const char *path, *root;
	uint8_t build_id[32];
	unsigned build_id_size;
};

struct code_frame {
	uint32_t module; /* index; 0 unknown */
	uint64_t offset; /* of the return address */
};

struct code_stack {
	UT_hash_handle hh;
	struct code_frame *frames; /* innermost first, those of libsockaudit.so left out */
	size_t count;
	struct stack *resolved;
	uint32_t lines, site; /* 0: not asked yet */
	uint32_t index;
};

/* What a ledger's own numbers mean here; 0: not asked yet. */
struct code_ledger {
	UT_hash_handle hh;
	const struct ledger *ledger;
	uint32_t *modules, *stacks;
};

struct code {
	struct arena *arena;
	struct symbols *symbols;
	struct frame_numbers *lines, *places;
	struct code_module *modules_by_key, **modules;
	size_t module_count, module_room;
	struct code_stack *stacks_by_frames, **stacks;
	size_t stack_count, stack_room, resolved_count;
	struct code_ledger *ledgers;
	struct stack none; /* what is shown where nothing was recorded */
};

struct code *code_new(struct arena *arena)
{
	struct code *code = arena_alloc(arena, sizeof(*code));

	code->arena = arena;
	code->lines = frame_numbers_new(arena, FRAME_CODE);
	code->places = frame_numbers_new(arena, FRAME_PLACE);
	code->module_count = code->stack_count = 1; /* 0 is none */
	code->module_room = code->stack_room = 8;
	code->modules = arena_array(arena, code->module_room, sizeof(struct code_module *));
	code->stacks = arena_array(arena, code->stack_room, sizeof(struct code_stack *));
	return code;
}

void code_prepare(struct code *code, const char *symbol_cache)
{
	code->symbols = symbols_new();
	if (!code->symbols) {
		arena_out_of_memory();
		abort();
	}
	symbols_keep_in(code->symbols, symbol_cache);
}

void code_forget_ledgers(struct code *code)
{
	struct code_ledger *known, *next;

	HASH_ITER (hh, code->ledgers, known, next) {
		HASH_DEL(code->ledgers, known);
		free(known->modules);
		free(known->stacks);
		free(known);
	}
}

void code_free(struct code *code)
{
	code_forget_ledgers(code);
	HASH_CLEAR(hh, code->modules_by_key);
	HASH_CLEAR(hh, code->stacks_by_frames);
	frame_numbers_free(code->lines);
	frame_numbers_free(code->places);
	if (code->symbols)
		symbols_free(code->symbols);
	code->symbols = NULL;
}

/* Zeroed, and not the arena's: a ledger may be forgotten before the code is. */
static void *numbers_new(size_t count, size_t size)
{
	void *numbers = calloc(count, size);

	if (!numbers) {
		arena_out_of_memory();
		abort();
	}
	return numbers;
}

static struct code_ledger *ledger_of(struct code *code, const struct ledger *ledger)
{
	struct code_ledger *found;

	HASH_FIND_PTR(code->ledgers, &ledger, found);
	if (found)
		return found;
	found = numbers_new(1, sizeof(*found));
	found->ledger = ledger;
	found->modules = numbers_new((size_t)ledger->module_count + 1, sizeof(uint32_t));
	found->stacks = numbers_new((size_t)ledger->stack_count + 1, sizeof(uint32_t));
	HASH_ADD_PTR(code->ledgers, ledger, found);
	return found;
}

static uint32_t module_of(struct code *code, struct code_ledger *known, const struct member *member,
			  uint32_t number)
{
	const struct ledger *ledger = member->ledger;
	const struct ledger_module *module = ledger_module_of(ledger, number);
	struct code_module *found;

	if (!module)
		return 0;
	if (known->modules[number])
		return known->modules[number];
	const char *path = ledger_string(ledger, module->path);
	/* Equal files have equal build-ids; files without one are told apart by their path. */
	const void *key = module->build_id_size ? (const void *)module->build_id : path;
	size_t size = module->build_id_size ? module->build_id_size : strlen(path);
	HASH_FIND(hh, code->modules_by_key, key, size, found);
	if (!found) {
		found = arena_alloc(code->arena, sizeof(*found));
		/* Copies: this may outlive the ledger. */
		found->path = *path ? arena_copy(code->arena, path) : NULL;
		found->root = arena_copy(code->arena, member->root ? member->root : "");
		found->self = module->flags & MODULE_SELF;
		found->build_id_size = module->build_id_size;
		memcpy(found->build_id, module->build_id, sizeof(found->build_id));
		found->index = (uint32_t)code->module_count;
		code->modules = arena_more(code->arena, code->modules, code->module_count,
					   &code->module_room, sizeof(struct code_module *));
		code->modules[code->module_count++] = found;
		key = module->build_id_size ? (const void *)found->build_id : found->path;
		if (size)
			HASH_ADD_KEYPTR(hh, code->modules_by_key, key, size, found);
	}
	return known->modules[number] = found->index;
}

uint32_t code_stack(struct code *code, const struct member *member, stack_id stack)
{
	struct code_frame frames[LEDGER_FRAMES_MAX];
	struct code_stack *found;
	const uint64_t *addresses;
	unsigned count = ledger_frames(member->ledger, stack, &addresses);
	size_t kept = 0;

	if (!count)
		return 0;
	struct code_ledger *known = ledger_of(code, member->ledger);
	if (known->stacks[stack])
		return known->stacks[stack];
	memset(frames, 0, sizeof(frames)); /* the padding is part of the key */
	for (unsigned i = 0; i < count && kept < LEDGER_FRAMES_MAX; i++) {
		uint32_t module = module_of(code, known, member, FRAME_MODULE(addresses[i]));
		if (module && code->modules[module]->self)
			continue;
		frames[kept].module = module;
		frames[kept++].offset = FRAME_OFFSET(addresses[i]);
	}
	if (!kept)
		return 0;
	HASH_FIND(hh, code->stacks_by_frames, frames, kept * sizeof(*frames), found);
	if (!found) {
		found = arena_alloc(code->arena, sizeof(*found));
		found->frames = arena_array(code->arena, kept, sizeof(*frames));
		memcpy(found->frames, frames, kept * sizeof(*frames));
		found->count = kept;
		found->index = (uint32_t)code->stack_count;
		code->stacks = arena_more(code->arena, code->stacks, code->stack_count,
					  &code->stack_room, sizeof(struct code_stack *));
		code->stacks[code->stack_count++] = found;
		HASH_ADD_KEYPTR(hh, code->stacks_by_frames, found->frames, kept * sizeof(*frames),
				found);
	}
	return known->stacks[stack] = found->index;
}

struct stack *code_resolve(struct code *code, uint32_t stack)
{
	struct code_address addresses[LEDGER_FRAMES_MAX] = { { .path = NULL } };

	if (!stack || stack >= code->stack_count)
		return &code->none;
	struct code_stack *wanted = code->stacks[stack];
	if (wanted->resolved)
		return wanted->resolved;
	for (size_t i = 0; i < wanted->count; i++) {
		const struct code_module *module =
			wanted->frames[i].module ? code->modules[wanted->frames[i].module] : NULL;
		addresses[i].offset = wanted->frames[i].offset;
		addresses[i].root = module ? module->root : "";
		if (!module)
			continue;
		addresses[i].path = module->path;
		addresses[i].build_id = module->build_id;
		addresses[i].build_id_size = module->build_id_size;
	}
	wanted->resolved = arena_alloc(code->arena, sizeof(*wanted->resolved));
	progress_tell("resolving stacks", ++code->resolved_count, code->stack_count - 1);
	if (!code->symbols)
		code->symbols = symbols_new();
	if (!code->symbols ||
	    symbols_stack(code->symbols, addresses, wanted->count, wanted->resolved)) {
		arena_out_of_memory();
		abort();
	}
	return wanted->resolved;
}

uint32_t code_lines(struct code *code, uint32_t stack)
{
	struct code_stack *wanted = stack && stack < code->stack_count ? code->stacks[stack] : NULL;

	if (!wanted || wanted->lines)
		return wanted ? wanted->lines : 0;
	const struct stack *resolved = code_resolve(code, stack);
	if (resolved->count)
		wanted->lines = frames_number(code->lines, resolved->frames, resolved->count);
	return wanted->lines;
}

uint32_t code_site(struct code *code, uint32_t stack)
{
	struct code_stack *wanted = stack && stack < code->stack_count ? code->stacks[stack] : NULL;

	/* Asked for each socket. */
	if (!wanted || wanted->site)
		return wanted ? wanted->site : 0;
	const struct frame *site = stack_site(code_resolve(code, stack));
	if (site)
		wanted->site = frame_number(code->places, site);
	return wanted->site;
}

struct place code_place(struct code *code, const char *call, int error, uint32_t stack)
{
	if (!call && !stack)
		return (struct place){ .call = NULL };
	return (struct place){ .call = call ? call : "a call",
			       .error = error,
			       .stack = code_resolve(code, stack) };
}
