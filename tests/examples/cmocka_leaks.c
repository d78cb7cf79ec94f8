/* SPDX-License-Identifier: MIT */
/*
 * Leaks as failures of the test that made them, with cmocka: a mark in setup, an assertion in
 * teardown. Without the library both do nothing.
 *
 *     gcc -Iinclude cmocka_leaks.c -lcmocka -o cmocka_leaks
 *     LD_PRELOAD=libsockaudit.so ./cmocka_leaks
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first. */
#include <cmocka.h>
#include <sockaudit/sockaudit.h>
#include <sys/socket.h>
#include <unistd.h>

static int begin(void **state)
{
	(void)state;
	sockaudit_mark(__func__);
	sockaudit_checkpoint();
	return 0;
}

static int end(void **state)
{
	(void)state;
	return sockaudit_findings() ? -1 : 0;
}

/* A peer that has left, and a socket that has read so. */
static int left_behind(void)
{
	int ends[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	return ends[0];
}

static void closes(void **state)
{
	(void)state;
	close(left_behind());
}

static void leaks(void **state)
{
	(void)state;
	left_behind();
}

static void leaks_on_purpose(void **state)
{
	(void)state;
	sockaudit_ignore(left_behind());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(closes, begin, end),
		cmocka_unit_test_setup_teardown(leaks, begin, end),
		cmocka_unit_test_setup_teardown(leaks_on_purpose, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
