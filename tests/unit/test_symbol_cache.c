/* SPDX-License-Identifier: MIT */
/* The cache of symbols: what is kept, when it counts no more, and what others may have put there.
 */
#include "../../report/symbol_cache.h"
#include "../../report/symbols.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BUILD_ID "00112233445566778899aabbccddeeff00112233"
#define KEPT	 BUILD_ID ".symbols"

static char folder[] = "/tmp/sockaudit-symbol-cache-XXXXXX";

static const struct object_sources plain = { .file = { 4096, 17 } };

static int enter(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

static int leave(void **state)
{
	char command[sizeof(folder) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") || system(command);
}

static int begin(void **state)
{
	(void)state;
	return system("rm -rf * && mkdir -m 700 cache");
}

/* 1: keeps two answers; else finds them, as often as they are there. */
static unsigned keep_or_find(const struct object_sources *sources, bool keep)
{
	struct position positions[2] = {
		{ .function = "inner", .file = "a.c", .line = 7, .inlined = true, .address = 40 },
		{ .function = "outer", .line = 9, .address = 40 },
	};
	struct symbols_answer answer = { .library = true, .positions = positions, .count = 2 },
			      nothing = { .library = true };
	struct symbol_cache *cache = symbol_cache_open("cache");
	unsigned found = 0;

	if (!cache)
		return 0;
	struct cached_module *module = symbol_cache_module(cache, BUILD_ID, sources);
	if (keep && module) {
		cached_module_add(module, 40, 12, &answer);
		cached_module_add(module, 41, 12, &nothing);
	}
	if (module && cached_module_find(module, 40, 12, &answer)) {
		found += answer.library && answer.count == 2 && answer.positions[0].inlined &&
			 answer.positions[0].function && answer.positions[0].file &&
			 !strcmp(answer.positions[0].function, "inner") &&
			 !strcmp(answer.positions[0].file, "a.c") &&
			 answer.positions[0].line == 7 && answer.positions[1].line == 9 &&
			 !answer.positions[1].file;
		positions_free(answer.positions, answer.count);
	}
	if (module && cached_module_find(module, 41, 12, &nothing)) {
		found += !nothing.count;
		positions_free(nothing.positions, nothing.count);
	}
	assert_false(module && cached_module_find(module, 40, 13, &answer));
	symbol_cache_close(cache);
	return found;
}

static void what_is_kept_is_found_and_is_ours_alone(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(keep_or_find(&plain, false), 0);
	assert_int_not_equal(stat("cache/" KEPT, &status), 0);
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(keep_or_find(&plain, false), 2);
	assert_int_equal(stat("cache/" KEPT, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(system("test $(ls -A cache | wc -l) = 1"), 0);
}

static void other_sources_begin_anew(void **state)
{
	struct object_sources with_debug_file = plain, rewritten = plain;

	(void)state;
	with_debug_file.debug.size = 1;
	rewritten.file.changed_ns++;
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(keep_or_find(&with_debug_file, false), 0);
	assert_int_equal(keep_or_find(&rewritten, false), 0);
	assert_int_equal(keep_or_find(&with_debug_file, true), 2);
	assert_int_equal(keep_or_find(&plain, false), 0);
}

static void a_folder_that_others_may_write_is_refused(void **state)
{
	(void)state;
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(chmod("cache", 0777), 0);
	assert_null(symbol_cache_open("cache"));
	assert_int_equal(chmod("cache", 0700), 0);
	assert_int_equal(chmod("cache/" KEPT, 0666), 0);
	assert_int_equal(keep_or_find(&plain, false), 0);
	if (!geteuid()) {
		assert_int_equal(chmod("cache/" KEPT, 0600), 0);
		assert_int_equal(chown("cache/" KEPT, 1, 1), 0);
		assert_int_equal(keep_or_find(&plain, false), 0);
		assert_int_equal(chown("cache", 1, 1), 0);
		assert_null(symbol_cache_open("cache"));
	}
	assert_null(symbol_cache_open("none"));
	assert_null(symbol_cache_open(NULL));
	assert_null(symbol_cache_open("/proc/nowhere"));
	assert_null(symbol_cache_open("/dev/null"));
}

static void links_and_pipes_are_no_cache(void **state)
{
	(void)state;
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(rename("cache/" KEPT, "elsewhere"), 0);
	assert_int_equal(symlink("../elsewhere", "cache/" KEPT), 0);
	assert_int_equal(keep_or_find(&plain, false), 0);
	/* Replaced, not written through. */
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(keep_or_find(&plain, false), 2);
	assert_int_equal(unlink("cache/" KEPT), 0);
	assert_int_equal(mkfifo("cache/" KEPT, 0600), 0);
	assert_int_equal(keep_or_find(&plain, false), 0);
}

static void put_file(const unsigned char *bytes, size_t size)
{
	int fd = open("cache/" KEPT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void hostile_files_do_no_harm(void **state)
{
	unsigned char bytes[4096], changed[sizeof(bytes)];

	(void)state;
	assert_int_equal(keep_or_find(&plain, true), 2);
	int fd = open("cache/" KEPT, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	close(fd);
	assert_in_range(size, 100, sizeof(bytes) - 1);
	for (ssize_t length = 0; length < size; length++) {
		put_file(bytes, (size_t)length);
		assert_in_range(keep_or_find(&plain, false), 0, 1);
	}
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	for (ssize_t at = 0; at < size; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			memcpy(changed, bytes, (size_t)size);
			changed[at] = values[i];
			/* A count of millions, a size that reaches beyond the end. */
			put_file(changed, (size_t)size);
			keep_or_find(&plain, false);
		}
	}
	put_file(bytes, (size_t)size);
	assert_int_equal(keep_or_find(&plain, false), 2);
	assert_int_equal(truncate("cache/" KEPT, 1ll << 40), 0);
	assert_int_equal(keep_or_find(&plain, false), 0);
}

static void what_was_used_the_longest_time_ago_goes(void **state)
{
	(void)state;
	assert_int_equal(system("truncate -s 200M cache/old.symbols cache/older.symbols &&"
				"touch -d '2 days ago' cache/old.symbols &&"
				"touch -d '3 days ago' cache/older.symbols cache/mine"),
			 0);
	assert_int_equal(keep_or_find(&plain, true), 2);
	assert_int_equal(access("cache/" KEPT, F_OK), 0);
	assert_int_equal(access("cache/old.symbols", F_OK), 0);
	assert_int_not_equal(access("cache/older.symbols", F_OK), 0);
	assert_int_equal(access("cache/mine", F_OK), 0);
}

/* The program's address 0x... of main, by nm; and its build-id. */
static struct code_address compiled(const char *path, uint8_t build_id[20])
{
	struct code_address address = {
		.path = path, .root = "", .build_id = build_id, .build_id_size = 20
	};
	char line[64];
	FILE *told = popen("nm whole | sed -n 's/ T main$//p'; readelf -n whole | sed -n "
			   "'s/.*Build ID: //p'",
			   "r");

	assert_non_null(told);
	assert_non_null(fgets(line, sizeof(line), told));
	address.offset = strtoull(line, NULL, 16) + 3;
	for (int i = 0; i < 20; i++) {
		unsigned byte;
		assert_int_equal(fscanf(told, "%2x", &byte), 1);
		build_id[i] = (uint8_t)byte;
	}
	pclose(told);
	return address;
}

static void main_is_told(const struct code_address *address, const char *function, unsigned line)
{
	struct symbols *symbols = symbols_new();
	struct stack stack;

	symbols_keep_in(symbols, "cache");
	assert_int_equal(symbols_stack(symbols, address, 1, &stack), 0);
	assert_int_equal(stack.count, 1);
	if (function)
		assert_string_equal(stack.frames[0].function, function);
	else
		assert_null(stack.frames[0].function);
	assert_int_equal(stack.frames[0].line, line);
	symbols_free(symbols);
}

static void answers_come_from_the_cache_until_debug_information_comes(void **state)
{
	char path[64];
	uint8_t build_id[20];

	(void)state;
	assert_int_equal(
		system("printf 'int main(void)\\n{\\n\\treturn 0;\\n}\\n' > program.c &&"
		       "gcc -g -O0 -Wl,--build-id=sha1 -o whole program.c && cp whole program &&"
		       "strip program && objcopy --only-keep-debug whole program.debug &&"
		       "objcopy --add-gnu-debuglink=program.debug program &&"
		       "mv program.debug away"),
		0);
	snprintf(path, sizeof(path), "%s/program", folder);
	struct code_address address = compiled(path, build_id);
	main_is_told(&address, NULL, 0);
	main_is_told(&address, NULL, 0);
	/* A debug package is installed: it counts at once. */
	assert_int_equal(rename("away", "program.debug"), 0);
	main_is_told(&address, "main", 2);
	/* Proof that the next answer is of the cache. */
	assert_int_equal(system("sed -i 's/main/mine/' cache/*.symbols"), 0);
	main_is_told(&address, "mine", 2);
	/* It is taken away again. */
	assert_int_equal(unlink("program.debug"), 0);
	main_is_told(&address, NULL, 0);
	/* Without a build-id nothing proves that it is the same program. */
	assert_int_equal(system("rm cache/*"), 0);
	address.build_id_size = 0;
	main_is_told(&address, NULL, 0);
	assert_int_equal(system("test -z \"$(ls -A cache)\""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_kept_is_found_and_is_ours_alone, begin),
		cmocka_unit_test_setup(other_sources_begin_anew, begin),
		cmocka_unit_test_setup(a_folder_that_others_may_write_is_refused, begin),
		cmocka_unit_test_setup(links_and_pipes_are_no_cache, begin),
		cmocka_unit_test_setup(hostile_files_do_no_harm, begin),
		cmocka_unit_test_setup(what_was_used_the_longest_time_ago_goes, begin),
		cmocka_unit_test_setup(answers_come_from_the_cache_until_debug_information_comes,
				       begin),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
