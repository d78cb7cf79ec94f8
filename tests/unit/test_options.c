/* SPDX-License-Identifier: MIT */
/* The command line: what is understood, and what is said of the rest. */
#include <options.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int parse(struct arena *arena, enum command_id command, struct options *options,
		 const char **trouble, const char *first, const char *second)
{
	char *argv[] = { (char *)"report", (char *)first, (char *)second, NULL };

	return options_parse(arena, command, first ? second ? 3 : 2 : 1, argv, options, trouble);
}

static void refused(enum command_id command, const char *first, const char *second, const char *said)
{
	struct arena arena = { NULL };
	struct options options;
	const char *trouble = NULL;

	assert_true(parse(&arena, command, &options, &trouble, first, second) < 0);
	assert_string_equal(trouble, said);
	arena_free(&arena);
}

static void slips_are_corrected(void **state)
{
	(void)state;
	refused(FOR_REPORT, "--grase", NULL, "unknown option '--grase'; did you mean '--grace'?");
	refused(FOR_REPORT, "--frmat=json", NULL, "unknown option '--frmat'; did you mean '--format'?");
	refused(FOR_REPORT, "--no-child", NULL,
		"unknown option '--no-child'; did you mean '--no-children'?");
	refused(FOR_REPORT, "-x", NULL, "unknown option '-x'; see --help");
	refused(FOR_CHECK, "--gate=fin-unred", NULL,
		"--gate: unknown rule 'fin-unred'; did you mean 'fin-unread'?");
}

static void options_of_other_commands_are_unknown(void **state)
{
	(void)state;
	refused(FOR_LIST, "--grace", "5", "unknown option '--grace'; see --help");
	refused(FOR_REPORT, "--dry-run", NULL, "unknown option '--dry-run'; see --help");
}

static void values_are_checked(void **state)
{
	(void)state;
	refused(FOR_REPORT, "--grace", NULL, "option '--grace' needs a value: --grace MS");
	refused(FOR_REPORT, "--grace=-1", NULL,
		"--grace takes milliseconds, as in --grace 5000, not '-1'");
	refused(FOR_REPORT, "--grace", "5s",
		"--grace takes milliseconds, as in --grace 5000, not '5s'");
	refused(FOR_REPORT, "--stacks=yes", NULL, "option '--stacks' takes no value");
	refused(FOR_REPORT, "--color", "red", "--color takes auto, always or never, not 'red'");
}

static void what_is_right_is_taken(void **state)
{
	struct arena arena = { NULL };
	struct options options;
	const char *trouble;

	(void)state;
	assert_int_equal(parse(&arena, FOR_REPORT, &options, &trouble, "--grace=0", "812"), 0);
	assert_true(options.grace.given);
	assert_int_equal(options.grace.ms, 0);
	assert_string_equal(options.targets[0], "812");
	assert_null(options.targets[1]);
	assert_int_equal(parse(&arena, FOR_REPORT, &options, &trouble, "--", "--grace"), 0);
	assert_string_equal(options.targets[0], "--grace");
	assert_int_equal(parse(&arena, FOR_CHECK, &options, &trouble, "--gate=double-close", NULL), 0);
	for (int i = 0; i < RULE_COUNT; i++)
		assert_int_equal(options.gates[i], i == RULE_DOUBLE_CLOSE);
	assert_int_equal(parse(&arena, FOR_CHECK, &options, &trouble, NULL, NULL), 0);
	for (int i = 0; i < RULE_COUNT; i++)
		assert_int_equal(options.gates[i], rules[i].severity == SEVERITY_ERROR);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slips_are_corrected),
		cmocka_unit_test(options_of_other_commands_are_unknown),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(what_is_right_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
