/* SPDX-License-Identifier: MIT */
/*
 * --redact: names, addresses and paths become tokens, the same one for the same text throughout a
 * report: "ip-2:443", "path-7", "name-1". Tokens are numbers in the order of a report rather than
 * hashes of what they stand for: whoever knows how to hash can try every IPv4 address, and every
 * path that a machine usually has. Ports stay: they tell which service it is, and which of two
 * sockets is the other's peer.
 */
#ifndef REDACTION_H
#define REDACTION_H

#include "arena.h"

enum secret { SECRET_PATH, SECRET_NAME, SECRET_ADDRESS, SECRET_HOST };

struct redaction;

/* Memory is the arena's; redaction_free() gives back the rest. */
struct redaction *redaction_new(struct arena *arena);
void redaction_free(struct redaction *redaction);

/* The token for `text`; NULL for NULL. */
const char *redact(struct redaction *redaction, enum secret secret, const char *text);
/* A socket's address: of "127.0.0.1:80" and "[::1]:80" the port stays, all else is a path. */
const char *redact_address(struct redaction *redaction, const char *address);
/* A sentence: names that have a token, and every word that is a path or an address. */
const char *redact_sentence(struct redaction *redaction, const char *sentence);

#endif
