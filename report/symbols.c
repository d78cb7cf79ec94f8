/* SPDX-License-Identifier: MIT */
/*
 * From return addresses to stacks in source terms. Asks symbols_worker.c once for each address of
 * each module and keeps what it said; strings and frames stand in one arena, so a report can share
 * them until symbols_free.
 */
#include "symbols.h"
#include "code_owner.h"
#include "hash.h"
#include "symbol_cache.h"
#include "symbols_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DELETED	       " (deleted)" /* what the kernel appends in /proc/PID/maps */
#define BUILD_ID_LIMIT 64
/* Files that cost us the worker, before we believe that somebody plants them to cost us time. */
#define DEATH_LIMIT 8

/* A call, and the frame that it led to: how it got there may take tail calls. */
struct call {
	uint64_t offset;
	uint64_t inner; /* of the next inner frame's call; OBJECT_OUTSIDE: not of this module */
};

struct known_address {
	struct call call; /* the key */
	struct frame *frames;
	size_t count;
	UT_hash_handle hh;
};

/* How much of a module may still be asked: each death of the worker takes a step down. */
enum trust { TRUST_ALL, TRUST_SYMBOLS, TRUST_NOTHING };

struct module {
	const char *path, *root; /* NULL path: unknown */
	const char *build_id_hex;
	uint8_t build_id[BUILD_ID_LIMIT];
	unsigned build_id_size;
	bool deleted; /* while it ran, says the name */
	enum trust trust;
	unsigned number; /* for the worker; changes with trust */
	bool cache_asked;
	struct cached_module *cached; /* NULL: nothing is kept of it */
	struct known_address *addresses;
	UT_hash_handle hh;
	char key[]; /* path NUL root NUL build-id */
};

struct symbols {
	struct symbols_worker *worker;
	struct symbol_cache *cache; /* NULL: none */
	struct module *modules;
	unsigned numbers; /* given to modules */
	unsigned deaths;
	struct arena arena;
};

static const char *const troubles[OBJECT_TROUBLES] = {
	[OBJECT_GONE] = "file gone",
	[OBJECT_REPLACED] = "file replaced since: build-id differs",
	[OBJECT_REFUSED] = "file not readable: permission denied",
	[OBJECT_FOREIGN] = "file is no ELF file",
	[OBJECT_DAMAGED] = "file damaged",
};

struct symbols *symbols_new(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	if (symbols)
		symbols->worker = symbols_worker_new();
	if (symbols && symbols->worker)
		return symbols;
	free(symbols);
	return NULL;
}

void symbols_free(struct symbols *symbols)
{
	struct module *module, *next_module;
	struct known_address *address, *next_address;
	if (!symbols)
		return;
	symbols_worker_free(symbols->worker);
	symbol_cache_close(symbols->cache);
	HASH_ITER (hh, symbols->modules, module, next_module) {
		HASH_ITER (hh, module->addresses, address, next_address) {
			HASH_DEL(module->addresses, address);
		}
		HASH_DEL(symbols->modules, module);
	}
	arena_free(&symbols->arena);
	free(symbols);
}

void symbols_keep_in(struct symbols *symbols, const char *folder)
{
	symbol_cache_close(symbols->cache);
	symbols->cache = symbol_cache_open(folder);
}

/* The path as it stands on disk: without the kernel's mark. */
static size_t path_length(const char *path)
{
	size_t length = strlen(path), mark = strlen(DELETED);
	return length > mark && !strcmp(path + length - mark, DELETED) ? length - mark : length;
}

static const char *hex(struct symbols *symbols, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * BUILD_ID_LIMIT + 1];
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = '\0';
	return arena_copy(&symbols->arena, text);
}

static struct module *module_add(struct symbols *symbols, const char *key, size_t key_size,
				 const struct code_address *address)
{
	struct arena *arena = &symbols->arena;
	struct module *module = arena_alloc(arena, sizeof(*module) + key_size);
	memcpy(module->key, key, key_size);
	if (address->path && *address->path) {
		int length = (int)path_length(address->path);
		module->path = arena_printf(arena, "%.*s", length, address->path);
		module->root = arena_copy(arena, address->root ? address->root : "");
		module->deleted = address->path[length] != '\0';
	}
	if (address->build_id_size && address->build_id_size <= BUILD_ID_LIMIT) {
		module->build_id_size = address->build_id_size;
		memcpy(module->build_id, address->build_id, address->build_id_size);
		module->build_id_hex = hex(symbols, module->build_id, module->build_id_size);
	}
	module->number = symbols->numbers++;
	HASH_ADD_KEYPTR(hh, symbols->modules, module->key, key_size, module);
	return module;
}

static int module_find(struct symbols *symbols, const struct code_address *address,
		       struct module **found)
{
	const char *path = address->path ? address->path : "";
	const char *root = address->root ? address->root : "";
	size_t path_size = strlen(path) + 1, root_size = strlen(root) + 1;
	size_t size = path_size + root_size + address->build_id_size;
	char *key = malloc(size);
	if (!key)
		return -ENOMEM;
	memcpy(key, path, path_size);
	memcpy(key + path_size, root, root_size);
	if (address->build_id_size)
		memcpy(key + path_size + root_size, address->build_id, address->build_id_size);

	struct module *module;
	HASH_FIND(hh, symbols->modules, key, size, module);
	if (!module)
		module = module_add(symbols, key, size, address);
	free(key);
	*found = module;
	return 0;
}

/* What was read from the same files before; -errno of the worker. */
static int cached_open(struct symbols *symbols, struct module *module,
		       const struct object_request *request)
{
	struct object_sources sources;
	enum object_trouble trouble;

	if (!symbols->cache || !module->build_id_size || module->cache_asked)
		return 0;
	int error = symbols_worker_sources(symbols->worker, module->number, request, &trouble,
					   &sources);
	module->cache_asked = true;
	if (!error && trouble == OBJECT_GOOD)
		module->cached =
			symbol_cache_module(symbols->cache, module->build_id_hex, &sources);
	return error;
}

/* Of the cache, else of the worker. 0 or its -errno. */
static int answer_find(struct symbols *symbols, struct module *module,
		       const struct object_request *request, const struct call *call,
		       struct symbols_answer *answer)
{
	int error = request->symbols_only ? 0 : cached_open(symbols, module, request);
	struct cached_module *cached = request->symbols_only ? NULL : module->cached;

	if (error || (cached && cached_module_find(cached, call->offset, call->inner, answer)))
		return error;
	error = symbols_worker_ask(symbols->worker, module->number, request, call->offset,
				   call->inner, answer);
	if (!error && cached && answer->trouble == OBJECT_GOOD && !answer->passing)
		cached_module_add(cached, call->offset, call->inner, answer);
	return error;
}

/* 0, with the answer or, when nothing can be asked, with why in *note. */
static int ask(struct symbols *symbols, struct module *module, const struct call *call,
	       struct symbols_answer *answer, const char **note)
{
	*answer = (struct symbols_answer){ .trouble = OBJECT_GONE };
	*note = NULL;
	if (!module->path) {
		*note = "in no file";
		return 0;
	}
	/* The vDSO, and what else has a name but no file. */
	if (module->path[0] != '/')
		return 0;
	if (module->deleted && !module->build_id_size) {
		/* Whatever bears the name now, nothing proves it to be the same. */
		*note = "file deleted since";
		return 0;
	}
	while (module->trust != TRUST_NOTHING && symbols->deaths < DEATH_LIMIT) {
		struct object_request request = {
			.path = module->path,
			.root = module->root,
			.build_id = module->build_id,
			.build_id_size = module->build_id_size,
			.symbols_only = module->trust == TRUST_SYMBOLS,
		};
		int error = answer_find(symbols, module, &request, call, answer);
		if (!error) {
			*note = troubles[answer->trouble];
			if (!*note && request.symbols_only)
				*note = "debug information damaged";
			return 0;
		}
		if (error == -ENOMEM)
			return error;
		module->trust++;
		module->number = symbols->numbers++;
		symbols->deaths += error == -EPIPE;
	}
	*note = "file damaged";
	return 0;
}

static void frame_fill(struct arena *arena, struct frame *frame, const struct position *position)
{
	if (position->function)
		frame->function = arena_copy(arena, position->function);
	if (position->file)
		frame->file = arena_copy(arena, position->file);
	frame->line = position->line;
	if (position->tail_call) {
		frame->offset = position->address;
		frame->note = "tail call";
	}
	frame->inlined = position->inlined;
	frame->system = frame->system || source_is_system(frame);
}

static int address_resolve(struct symbols *symbols, struct module *module,
			   struct known_address *known)
{
	struct symbols_answer answer;
	const char *note;
	int error = ask(symbols, module, &known->call, &answer, &note);
	if (error)
		return error;

	bool read = module->path && answer.trouble == OBJECT_GOOD;
	struct frame blank = {
		.module = module->path,
		.offset = known->call.offset,
		.build_id = module->build_id_hex,
		.system = module_is_system(module->path, read, answer.library),
		.note = note,
	};
	known->count = answer.count ? answer.count : 1;
	known->frames = arena_array(&symbols->arena, known->count, sizeof(*known->frames));
	for (size_t i = 0; i < known->count; i++) {
		known->frames[i] = blank;
		if (answer.count)
			frame_fill(&symbols->arena, &known->frames[i], &answer.positions[i]);
	}
	positions_free(answer.positions, answer.count);
	return 0;
}

/* *inner is the module of the frame further in, NULL at the innermost; then this one's. *call is
 * likewise of that frame at first. */
static int address_find(struct symbols *symbols, const struct code_address *address,
			struct module **inner, struct call *call, struct known_address **found)
{
	struct module *module;
	struct known_address *known;
	int error = module_find(symbols, address, &module);
	if (error)
		return error;
	call->inner = module == *inner ? call->offset : OBJECT_OUTSIDE;
	/* The call, not what runs after it: that may be another line, or another function. */
	call->offset = address->offset ? address->offset - 1 : 0;
	*inner = module;
	HASH_FIND(hh, module->addresses, call, sizeof(*call), known);
	if (!known) {
		known = arena_alloc(&symbols->arena, sizeof(*known));
		known->call = *call;
		error = address_resolve(symbols, module, known);
		if (error)
			return error;
		HASH_ADD(hh, module->addresses, call, sizeof(known->call), known);
	}
	*found = known;
	return 0;
}

int symbols_stack(struct symbols *symbols, const struct code_address *addresses, size_t count,
		  struct stack *stack)
{
	struct known_address **known = calloc(count + 1, sizeof(struct known_address *));
	struct frame *frames = NULL;
	size_t total = 0, filled = 0, first = 0;
	int error = known ? 0 : -ENOMEM;
	struct module *module = NULL;
	struct call call = { 0 };

	for (size_t i = 0; i < count && !error; i++) {
		error = address_find(symbols, &addresses[i], &module, &call, &known[i]);
		if (!error)
			total += known[i]->count;
	}
	if (!error && total)
		frames = arena_array(&symbols->arena, total, sizeof(*frames));
	for (size_t i = 0; i < count && !error; i++) {
		memcpy(frames + filled, known[i]->frames, known[i]->count * sizeof(*frames));
		filled += known[i]->count;
	}
	free(known);
	if (error)
		return error;

	while (first < filled && frame_is_wrapper(&frames[first]))
		first++;
	/* A stack that is libc's all the way down is still better told than hidden. */
	if (first == filled)
		first = 0;
	stack->frames = frames ? frames + first : NULL;
	stack->count = filled - first;
	return 0;
}
