/* SPDX-License-Identifier: MIT */
/* Hostile text in documents with markup: nothing of it is markup, and all of it is told. */
#include "../../report/escape_markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define REPLACED "\xef\xbf\xbd"

static struct arena arena;

static void xml_holds_what_xml_may(void **state)
{
	(void)state;
	assert_string_equal(escape_xml(&arena, "a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
	assert_string_equal(escape_xml(&arena, "]]>"), "]]&gt;");
	assert_string_equal(escape_xml(&arena, "\t\r\n"), "&#9;&#13;&#10;");
	assert_string_equal(escape_xml_lines(&arena, "a\n\tb"), "a\n&#9;b");
	assert_string_equal(escape_xml(&arena, "\x01\x1b\x7f"), REPLACED REPLACED REPLACED);
	assert_string_equal(escape_xml(&arena, "\xc2\x9b"), REPLACED);
	assert_string_equal(escape_xml(&arena, "\xff\xc3("), REPLACED REPLACED "(");
	assert_string_equal(escape_xml(&arena, "\xef\xbf\xbe\xef\xbf\xbf"), REPLACED REPLACED);
	assert_string_equal(escape_xml(&arena, "\xed\xa0\x80"), REPLACED REPLACED REPLACED);
	assert_string_equal(escape_xml(&arena, "\xc3\xa4 \xf0\x9f\x98\x80"),
			    "\xc3\xa4 \xf0\x9f\x98\x80");
}

static void markdown_has_no_punctuation(void **state)
{
	(void)state;
	const char *made = escape_markdown(&arena, "a|b`*_[x](y)<z>@#\\~\n\t1.");

	assert_string_equal(made,
			    "a&#124;b&#96;&#42;&#95;&#91;x&#93;&#40;y&#41;&#60;z&#62;&#64;&#35;"
			    "&#92;&#126;  1&#46;");
	for (unsigned byte = 1; byte < 0x80; byte++) {
		const char one[] = { (char)byte, '\0' };
		made = escape_markdown(&arena, one);
		/* A letter, a digit or a blank; or a reference. */
		if (strlen(made) == 1)
			assert_non_null(strchr("0123456789 abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
					       *made));
		else
			assert_int_equal(strncmp(made, "&#", 2), 0);
	}
	assert_string_equal(escape_markdown(&arena, "\xff\xc3\xa4\xc2\x9b"),
			    REPLACED "\xc3\xa4" REPLACED);
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
		cmocka_unit_test(xml_holds_what_xml_may),
		cmocka_unit_test(markdown_has_no_punctuation),
	};
	return cmocka_run_group_tests(tests, NULL, arena_release);
}
