/* SPDX-License-Identifier: MIT */
/*
 * The cache of symbols; see symbol_cache.h. A file is read whole, so that nobody can change it
 * under us, and replaced whole, by rename(). It says by which program and from which files it was
 * made; what was made otherwise is begun anew: a debug package that is installed later counts.
 */
#include "symbol_cache.h"

#include "cache_folder.h"
#include "hash.h"

#include <string.h>
#include <sys/stat.h>

#define MAGIC	   "SOCKSYM"
#define VERSION	   1u
#define FILE_LIMIT (32u << 20)
/* Of one module: more than a program has places that open sockets, and calls that led there. */
#define ENTRY_LIMIT (1u << 18)

struct file_header {
	char magic[8];
	uint32_t version, count;
	uint64_t reader_size, reader_changed_ns; /* the program's that wrote it */
	struct object_sources sources;
};

struct question_key {
	uint64_t address, inner;
};

struct cached_answer {
	UT_hash_handle hh;
	struct question_key key;
	struct symbols_answer answer;
};

struct cached_module {
	UT_hash_handle hh;
	struct cached_answer *answers;
	struct object_sources sources;
	bool changed;
	char build_id[];
};

struct symbol_cache {
	int folder;
	struct cached_module *modules;
	struct file_header header; /* that its files have */
};

struct symbol_cache *symbol_cache_open(const char *folder)
{
	struct stat program;
	int opened = cache_folder_open(folder);
	struct symbol_cache *cache = opened >= 0 ? calloc(1, sizeof(*cache)) : NULL;

	/* Another version of ours may read more from the same file. */
	if (!cache || stat("/proc/self/exe", &program)) {
		cache_folder_close(opened);
		free(cache);
		return NULL;
	}
	cache->folder = opened;
	cache->header = (struct file_header){
		.magic = MAGIC,
		.version = VERSION,
		.reader_size = (uint64_t)program.st_size,
		.reader_changed_ns = (uint64_t)program.st_mtim.tv_sec * 1000000000u +
				     (uint64_t)program.st_mtim.tv_nsec,
	};
	return cache;
}

static struct cached_answer *find(const struct cached_module *module, uint64_t address,
				  uint64_t inner)
{
	struct question_key key = { address, inner };
	struct cached_answer *found;

	HASH_FIND(hh, module->answers, &key, sizeof(key), found);
	return found;
}

/* Takes the positions over. */
static void put(struct cached_module *module, uint64_t address, uint64_t inner,
		const struct symbols_answer *answer)
{
	struct cached_answer *made = NULL;

	if (HASH_COUNT(module->answers) < ENTRY_LIMIT && !find(module, address, inner))
		made = calloc(1, sizeof(*made));
	if (!made) {
		positions_free(answer->positions, answer->count);
		return;
	}
	made->key = (struct question_key){ address, inner };
	made->answer = *answer;
	HASH_ADD(hh, module->answers, key, sizeof(made->key), made);
}

static bool is_ours(const struct symbol_cache *cache, const struct file_header *header,
		    const struct object_sources *sources)
{
	struct file_header ours = cache->header;

	ours.count = header->count;
	ours.sources = *sources;
	return !memcmp(header, &ours, sizeof(ours)) && header->count <= ENTRY_LIMIT;
}

static void module_read(const struct symbol_cache *cache, struct cached_module *module)
{
	struct wire file = { .bytes = NULL };
	struct file_header header;

	if (!cache_folder_read(cache->folder, module->build_id, FILE_LIMIT, &file)) {
		wire_free(&file);
		return;
	}
	wire_take(&file, &header, sizeof(header));
	for (uint32_t i = 0;
	     !file.bad && is_ours(cache, &header, &module->sources) && i < header.count; i++) {
		struct question_key key;
		struct symbols_answer answer;
		wire_take(&file, &key, sizeof(key));
		wire_take_answer(&file, &answer);
		/* Only good answers are written: another one stands there by somebody else. */
		if (file.bad || answer.trouble != OBJECT_GOOD || answer.passing) {
			positions_free(answer.positions, answer.count);
			break;
		}
		put(module, key.address, key.inner, &answer);
	}
	wire_free(&file);
}

struct cached_module *symbol_cache_module(struct symbol_cache *cache, const char *build_id,
					  const struct object_sources *sources)
{
	struct cached_module *module;

	HASH_FIND_STR(cache->modules, build_id, module);
	/* Of two files with one build-id, one stripped: the first is kept. */
	if (module)
		return memcmp(&module->sources, sources, sizeof(*sources)) ? NULL : module;
	module = calloc(1, sizeof(*module) + strlen(build_id) + 1);
	if (!module)
		return NULL;
	strcpy(module->build_id, build_id);
	module->sources = *sources;
	HASH_ADD_STR(cache->modules, build_id, module);
	module_read(cache, module);
	return module;
}

static bool positions_copy(const struct position *from, size_t count, struct position **copies)
{
	*copies = calloc(count + 1, sizeof(**copies));
	for (size_t i = 0; *copies && i < count; i++) {
		struct position *copy = &(*copies)[i];
		*copy = from[i];
		copy->function = from[i].function ? strdup(from[i].function) : NULL;
		copy->file = from[i].file ? strdup(from[i].file) : NULL;
	}
	return *copies;
}

bool cached_module_find(const struct cached_module *module, uint64_t address, uint64_t inner,
			struct symbols_answer *answer)
{
	const struct cached_answer *found = find(module, address, inner);

	if (!found)
		return false;
	*answer = found->answer;
	return positions_copy(found->answer.positions, found->answer.count, &answer->positions);
}

void cached_module_add(struct cached_module *module, uint64_t address, uint64_t inner,
		       const struct symbols_answer *answer)
{
	struct symbols_answer copy = *answer;

	if (!positions_copy(answer->positions, answer->count, &copy.positions))
		return;
	put(module, address, inner, &copy);
	module->changed = true;
}

static void module_write(const struct symbol_cache *cache, const struct cached_module *module)
{
	struct wire file = { .bytes = NULL };
	struct file_header header = cache->header;

	header.count = HASH_COUNT(module->answers);
	header.sources = module->sources;
	wire_put(&file, &header, sizeof(header));
	for (const struct cached_answer *answer = module->answers; answer;
	     answer = answer->hh.next) {
		wire_put(&file, &answer->key, sizeof(answer->key));
		wire_put_answer(&file, &answer->answer);
	}
	if (!file.bad && file.size <= FILE_LIMIT)
		cache_folder_write(cache->folder, module->build_id, &file);
	wire_free(&file);
}

void symbol_cache_close(struct symbol_cache *cache)
{
	struct cached_module *module, *next_module;
	struct cached_answer *answer, *next;
	bool changed = false;

	if (!cache)
		return;
	HASH_ITER (hh, cache->modules, module, next_module) {
		changed |= module->changed;
		if (module->changed)
			module_write(cache, module);
		HASH_ITER (hh, module->answers, answer, next) {
			HASH_DEL(module->answers, answer);
			positions_free(answer->answer.positions, answer->answer.count);
			free(answer);
		}
		HASH_DEL(cache->modules, module);
		free(module);
	}
	if (changed)
		cache_folder_trim(cache->folder);
	cache_folder_close(cache->folder);
	free(cache);
}
