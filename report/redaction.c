/* SPDX-License-Identifier: MIT */
/* --redact; see redaction.h. */
#include "redaction.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <uthash.h>

static const char *const labels[] = {
	[SECRET_PATH] = "path",
	[SECRET_NAME] = "name",
	[SECRET_ADDRESS] = "ip",
	[SECRET_HOST] = "host",
};
#define SECRETS (sizeof(labels) / sizeof(*labels))

/* What ends a word of a sentence. */
static const char between[] = " \t\n'\"(),;<>";

struct token {
	const char *text, *token;
	struct token *next; /* of the same kind */
	UT_hash_handle hh;
};

struct redaction {
	struct arena *arena;
	struct token *tokens[SECRETS]; /* tables by text */
	struct token *names;	       /* a list of those of SECRET_NAME */
};

struct redaction *redaction_new(struct arena *arena)
{
	struct redaction *redaction = arena_alloc(arena, sizeof(*redaction));

	redaction->arena = arena;
	return redaction;
}

void redaction_free(struct redaction *redaction)
{
	for (size_t i = 0; i < SECRETS; i++)
		HASH_CLEAR(hh, redaction->tokens[i]);
}

const char *redact(struct redaction *redaction, enum secret secret, const char *text)
{
	struct token *token;

	if (!text || !*text)
		return text;
	HASH_FIND_STR(redaction->tokens[secret], text, token);
	if (token)
		return token->token;
	token = arena_alloc(redaction->arena, sizeof(*token));
	token->text = arena_copy(redaction->arena, text);
	HASH_ADD_KEYPTR(hh, redaction->tokens[secret], token->text, strlen(token->text), token);
	token->token = arena_printf(redaction->arena, "%s-%u", labels[secret],
				    HASH_COUNT(redaction->tokens[secret]));
	if (secret == SECRET_NAME) {
		token->next = redaction->names;
		redaction->names = token;
	}
	return token->token;
}

/* An IP address without its brackets and interface; of one that is none, false. */
static bool is_ip(const char *text)
{
	struct in6_addr ip;
	char plain[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%");

	if (length >= sizeof(plain))
		return false;
	memcpy(plain, text, length);
	plain[length] = '\0';
	return inet_pton(AF_INET, plain, &ip) == 1 || inet_pton(AF_INET6, plain, &ip) == 1;
}

/* "host:port" or "[host]:port", or the host alone, as a token and its port; NULL: it is none. */
static const char *internet_token(struct redaction *redaction, const char *address)
{
	char *host = arena_copy(redaction->arena, address), *colon = strrchr(host, ':');
	const char *port = "";

	if (!is_ip(host) && colon && colon[strspn(colon, ":0123456789")] == '\0') {
		port = address + (colon - host);
		*colon = '\0';
	}
	size_t length = strlen(host);
	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		host++;
	}
	if (!is_ip(host))
		return NULL;
	return arena_printf(redaction->arena, "%s%s", redact(redaction, SECRET_ADDRESS, host),
			    port);
}

const char *redact_address(struct redaction *redaction, const char *address)
{
	if (!address || !*address)
		return address;
	const char *token = internet_token(redaction, address);
	return token ? token : redact(redaction, SECRET_PATH, address);
}

/* The known name that stands at `at`, as a word of its own; NULL: none. The longest wins. */
static const struct token *name_at(const struct redaction *redaction, const char *start,
				   const char *at)
{
	const struct token *best = NULL;

	if (at > start && (isalnum((unsigned char)at[-1]) || at[-1] == '_' || at[-1] == '-'))
		return NULL;
	for (const struct token *name = redaction->names; name; name = name->next) {
		size_t length = strlen(name->text);
		if (strncmp(name->text, at, length) || isalnum((unsigned char)at[length]) ||
		    at[length] == '_' || at[length] == '-')
			continue;
		if (!best || length > strlen(best->text))
			best = name;
	}
	return best;
}

static const char *word_token(struct redaction *redaction, const char *word)
{
	const char *token = internet_token(redaction, word);

	if (token)
		return token;
	return strchr(word, '/') ? redact(redaction, SECRET_PATH, word) : word;
}

const char *redact_sentence(struct redaction *redaction, const char *sentence)
{
	const char *at = sentence;
	char *made = "";

	if (!sentence)
		return NULL;
	while (*at) {
		const struct token *name = name_at(redaction, sentence, at);
		size_t length = strcspn(at, between);
		if (name) {
			made = arena_printf(redaction->arena, "%s%s", made, name->token);
			at += strlen(name->text);
			continue;
		}
		if (!length) {
			made = arena_printf(redaction->arena, "%s%c", made, *at++);
			continue;
		}
		char *word = arena_printf(redaction->arena, "%.*s", (int)length, at);
		/* The end of a clause is none of an address. */
		size_t end = length;
		while (end && strchr(":.", word[end - 1]))
			end--;
		const char *tail = arena_copy(redaction->arena, word + end);
		word[end] = '\0';
		made = arena_printf(redaction->arena, "%s%s%s", made, word_token(redaction, word),
				    tail);
		at += length;
	}
	return made;
}
