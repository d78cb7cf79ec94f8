/* SPDX-License-Identifier: MIT */
/* A report in other words: what --path-map makes of a file's name, and --redact of what is secret.
 */
#include "../../report/path_map.h"
#include "../../report/redaction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static void maps_to(const char *map, const char *file, const char *wanted, bool below)
{
	struct path_map maps[2] = { { NULL, NULL } };
	bool below_root = false;

	assert_true(path_map_parse(&arena, map, &maps[0]));
	assert_string_equal(path_map_apply(&arena, maps, file, &below_root), wanted);
	assert_int_equal(below_root, below);
}

static void files_are_mapped_by_whole_folders(void **state)
{
	(void)state;
	maps_to("/build=.", "/build/src/a.c", "src/a.c", true);
	maps_to("/build/=./", "/build//src/a.c", "src/a.c", true);
	maps_to("/build=", "/build/./src/a.c", "src/a.c", true);
	maps_to("/build=./lib", "/build/a.c", "lib/a.c", true);
	maps_to("/build=/home/me", "/build/a.c", "/home/me/a.c", false);
	maps_to("/build=/", "/build/a.c", "/a.c", false);
	maps_to("/=.", "/build/a.c", "build/a.c", true);
	maps_to("./=src", "./a.c", "src/a.c", true);
	maps_to("/build=.", "/builder/a.c", "/builder/a.c", false);
	maps_to("/build=.", "/x/build/a.c", "/x/build/a.c", false);
	maps_to("/a=b=c", "/a/x.c", "b=c/x.c", true);
}

static void the_longest_map_counts(void **state)
{
	(void)state;
	bool below_root = false;
	struct path_map maps[4] = { { NULL, NULL } };

	assert_true(path_map_parse(&arena, "/b=one", &maps[0]));
	assert_true(path_map_parse(&arena, "/b/c=two", &maps[1]));
	assert_true(path_map_parse(&arena, "/=three", &maps[2]));
	assert_string_equal(path_map_apply(&arena, maps, "/b/c/d.c", &below_root), "two/d.c");
	assert_string_equal(path_map_apply(&arena, maps, "/b/d.c", &below_root), "one/d.c");
	assert_string_equal(path_map_apply(&arena, maps, "/d.c", &below_root), "three/d.c");
	assert_string_equal(path_map_apply(&arena, NULL, "/d.c", &below_root), "/d.c");
}

static void what_is_no_map_is_refused(void **state)
{
	(void)state;
	struct path_map map;

	assert_false(path_map_parse(&arena, "/build", &map));
	assert_false(path_map_parse(&arena, "=x", &map));
	assert_false(path_map_parse(&arena, "", &map));
}

static void same_text_same_token(void **state)
{
	(void)state;
	struct redaction *redaction = redaction_new(&arena);

	assert_string_equal(redact(redaction, SECRET_PATH, "/x/app"), "path-1");
	assert_string_equal(redact(redaction, SECRET_PATH, "/x/lib"), "path-2");
	assert_string_equal(redact(redaction, SECRET_NAME, "app"), "name-1");
	assert_string_equal(redact(redaction, SECRET_PATH, "/x/app"), "path-1");
	assert_null(redact(redaction, SECRET_PATH, NULL));
	redaction_free(redaction);
}

static void addresses_keep_their_ports(void **state)
{
	(void)state;
	struct redaction *redaction = redaction_new(&arena);
	static const char *const both[][2] = {
		{ "10.0.0.1:80", "ip-1:80" },	     { "10.0.0.2:443", "ip-2:443" },
		{ "10.0.0.1:5432", "ip-1:5432" },    { "[::1]:80", "ip-3:80" },
		{ "[fe80::1%2]:1", "ip-4:1" },	     { "::1", "ip-3" },
		{ "[::ffff:10.0.0.1]:7", "ip-5:7" }, { "/run/a.sock", "path-1" },
		{ "@abstract", "path-2" },	     { "10.0.0.1", "ip-1" },
		{ "@10.0.0.1:80", "path-3" },	     { "/run/x:80", "path-4" },
	};

	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		assert_string_equal(redact_address(redaction, both[i][0]), both[i][1]);
	assert_null(redact_address(redaction, NULL));
	redaction_free(redaction);
}

static void sentences_lose_what_is_secret(void **state)
{
	(void)state;
	struct redaction *redaction = redaction_new(&arena);
	static const char *const both[][2] = {
		{ "idle for 5 s; recv() said EOF", "idle for 5 s; recv() said EOF" },
		{ "my app (pid 5) ended", "name-1 (pid 5) ended" },
		{ "my apples", "my apples" },
		{ "can't read '/etc/x/y': no", "can't read 'path-1': no" },
		{ "it talks to 10.0.0.1:80, and to [::1]:9.",
		  "it talks to ip-1:80, and to ip-2:9." },
		{ "as worker-2 worker", "as worker-2 name-2" },
		{ "", "" },
	};

	redact(redaction, SECRET_NAME, "my app");
	redact(redaction, SECRET_NAME, "worker");
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		assert_string_equal(redact_sentence(redaction, both[i][0]), both[i][1]);
	assert_null(redact_sentence(redaction, NULL));
	redaction_free(redaction);
}

static int arena_release(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_mapped_by_whole_folders),
		cmocka_unit_test(the_longest_map_counts),
		cmocka_unit_test(what_is_no_map_is_refused),
		cmocka_unit_test(same_text_same_token),
		cmocka_unit_test(addresses_keep_their_ports),
		cmocka_unit_test(sentences_lose_what_is_secret),
	};
	return cmocka_run_group_tests(tests, NULL, arena_release);
}
