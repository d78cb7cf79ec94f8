/* SPDX-License-Identifier: MIT */
/* Demangling by libiberty, whose recursion limit stays on: names are hostile input. */
#include "demangle.h"

#include <ctype.h>
#include <libiberty/demangle.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Real names reach a few thousand bytes; what demangles them may take square time. */
#define NAME_LIMIT 8192

static const char *const clone_suffixes[] = {
	".constprop", ".isra",	   ".part",  ".cold", ".lto_priv", ".localalias", ".llvm",
	".clone",     ".resolver", ".ifunc", ".ipa",  ".warm",	   ".hot",	  ".__uniq",
};

/* The length of the suffix's word when one of the compiler's stands at `text`, else 0. */
static size_t clone_suffix(const char *text)
{
	for (size_t i = 0; i < sizeof(clone_suffixes) / sizeof(*clone_suffixes); i++) {
		size_t length = strlen(clone_suffixes[i]);
		if (strncmp(text, clone_suffixes[i], length))
			continue;
		char after = text[length];
		if (!after || after == '.' || after == '@' || isdigit((unsigned char)after))
			return length;
	}
	return 0;
}

/* Where the name as the compiler's front end made it ends. */
static size_t plain_length(const char *name)
{
	for (size_t i = 1; name[0] && name[i]; i++) {
		if (name[i] == '@' || (name[i] == '.' && clone_suffix(name + i)))
			return i;
	}
	return strlen(name);
}

char *demangle(const char *name)
{
	char *plain = strndup(name, plain_length(name));
	if (!plain || strlen(plain) > NAME_LIMIT)
		return plain;
	if (plain[0] != '_')
		return plain;

	/* Rust first: its legacy names are valid C++ names that end in a hash, which only
	 * rust_demangle drops. */
	char *readable = rust_demangle(plain, DMGL_NO_OPTS);
	if (!readable && plain[1] == 'Z')
		readable = cplus_demangle(plain, DMGL_ANSI | DMGL_GNU_V3);
	if (!readable)
		return plain;
	free(plain);
	return readable;
}
