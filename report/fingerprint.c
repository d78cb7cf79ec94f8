/* SPDX-License-Identifier: MIT */
/* What makes a finding the same one after a rebuild; see fingerprint.h. */
#include "fingerprint.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FUNCTIONS_MOST 5

/* FNV-1a of 128 bits: no secret, only a name that stays the same on every machine. */
struct digest {
	unsigned __int128 state;
};

static struct digest digest_start(void)
{
	return (struct digest){ (unsigned __int128)0x6c62272e07bb0142u << 64 |
				0x62b821756295c58du };
}

/* The text and its end, so that "ab","c" differs from "a","bc". */
static void digest_add(struct digest *digest, const char *text)
{
	const unsigned __int128 prime = (unsigned __int128)0x1000000u << 64 | 0x13bu;

	do
		digest->state = (digest->state ^ (unsigned char)*text) * prime;
	while (*text++);
}

static bool starts(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* "operator<", "operator<<", "operator->", "operator>=": the angle brackets that are names. */
static size_t operator_length(const char *text)
{
	static const char *const signs[] = { "<=>", "<<=", ">>=", "->*", "<<", ">>",
					     "<=",  ">=",  "->",  "<",	 ">" };

	if (!starts(text, "operator"))
		return 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (starts(text + 8, signs[i]))
			return 8 + strlen(signs[i]);
	return 0;
}

/* ".part.0", ".isra.0.cold", ".llvm.123", " [clone .x]", "@@V_1", "::h0123456789abcdef": everything
 * from there on. */
static bool is_suffix(const char *at)
{
	static const char *const suffixes[] = { ".part.",     ".isra.",	 ".constprop.", ".cold",
						".lto_priv.", ".llvm.",	 ".localalias", ".clone.",
						".__uniq.",   " [clone", " (.",		"@",
						" [." };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (starts(at, suffixes[i]))
			return true;
	return starts(at, "::h") && strlen(at) == 19 && strspn(at + 3, "0123456789abcdef") == 16;
}

void function_name_normalise(const char *name, char *normal, size_t size)
{
	size_t length = 0;
	unsigned depth = 0;

	for (const char *at = name; *at && length + 1 < size; at++) {
		size_t word = depth ? 0 : operator_length(at);
		if (word && (at == name || !(isalnum((unsigned char)at[-1]) || at[-1] == '_'))) {
			for (; word && length + 1 < size; word--)
				normal[length++] = *at++;
			at--;
			continue;
		}
		if (!depth && at != name && is_suffix(at))
			break;
		if (*at == '<' && (at != name || strchr(at, '>'))) {
			/* Rust writes "<T as Trait>::f": there the brackets are the name. */
			bool rust = !depth &&
				    (at == name || (at[-1] == ':' && !starts(at, "<lambda"))) &&
				    strstr(at, " as ");
			if (!rust) {
				depth++;
				continue;
			}
		}
		if (*at == '>' && depth && at[-1] != '-') {
			depth--;
			continue;
		}
		if (depth)
			continue;
		/* "{lambda(int)#2}": the number counts the function's lambdas, and an edit moves
		 * it. */
		if (*at == '#' && isdigit((unsigned char)at[1])) {
			while (isdigit((unsigned char)at[1]))
				at++;
			continue;
		}
		normal[length++] = *at;
	}
	normal[length] = 0;
}

/* A file's name without folder and version: "libfoo.so" of "/usr/lib/libfoo.so.1.2". */
static void module_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(name, size, "%s", slash ? slash + 1 : path);
	char *version = strstr(name, ".so.");
	if (version)
		version[3] = 0;
}

/* False: something in it has no name. */
static bool place_add(struct digest *digest, const struct place *place)
{
	const struct stack *stack = place->call ? place->stack : NULL;
	char text[512];
	bool named = true;
	unsigned taken = 0;
	size_t first = 0;

	digest_add(digest, "|");
	if (!stack || !stack->count)
		return !place->call;
	const struct frame *site = stack_site(stack);
	if (site)
		first = (size_t)(site - stack->frames);
	/* Every program has a main(): theirs are told apart. Other code may be linked into many
	 * programs, all of which have the one leak. */
	if (site && site->module && site->function && !strcmp(site->function, "main")) {
		module_name(site->module, text, sizeof(text));
		digest_add(digest, text);
	}
	for (size_t i = first; i < stack->count && taken < FUNCTIONS_MOST; i++) {
		const struct frame *frame = &stack->frames[i];
		/* What libc calls its start-up code is not the program's. */
		if (frame->system && frame != site)
			continue;
		taken++;
		if (frame->function) {
			function_name_normalise(frame->function, text, sizeof(text));
		} else if (frame->build_id) {
			snprintf(text, sizeof(text), "%s+%" PRIx64, frame->build_id, frame->offset);
			named = false;
		} else {
			char name[256];
			module_name(frame->module ? frame->module : "?", name, sizeof(name));
			snprintf(text, sizeof(text), "%s+%" PRIx64, name, frame->offset);
			named = false;
		}
		digest_add(digest, text);
	}
	return named;
}

void finding_fingerprint(struct finding *finding)
{
	struct digest digest = digest_start();

	digest_add(&digest, rules[finding->rule].name);
	bool opened = place_add(&digest, &finding->opened),
	     told = place_add(&digest, finding_second_place(finding));
	finding->stable = opened && told;
	snprintf(finding->fingerprint, sizeof(finding->fingerprint), "%016" PRIx64 "%016" PRIx64,
		 (uint64_t)(digest.state >> 64), (uint64_t)digest.state);
}
