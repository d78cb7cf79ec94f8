/* SPDX-License-Identifier: MIT */
/* What a connection of the soak is for; its first byte says so. */
#ifndef SOAK_H
#define SOAK_H

/* Name, first byte, and of how many connections under load it is one; 0: planted, by number. */
#define SOAK_KINDS(KIND)                                                                           \
	KIND(eof, 'e', 1)	  /* the client closes first: the server reads EOF and closes */   \
	KIND(first, 'f', 3)	  /* the server closes first */                                    \
	KIND(reset, 'r', 20)	  /* the client resets: the server reads ECONNRESET and closes */  \
	KIND(thread, 't', 100)	  /* as eof, by a thread of its own */                             \
	KIND(child, 'c', 250)	  /* as eof, by a forked child */                                  \
	KIND(program, 'x', 2000)  /* as eof, by a forked child that becomes another program */     \
	KIND(leak_eof, 'E', 0)	  /* EOF is read, and no close() follows */                        \
	KIND(leak_error, 'R', 0)  /* ECONNRESET is read, and no close() follows */                 \
	KIND(leak_unread, 'U', 0) /* the client closes, and nobody looks */                        \
	KIND(leak_child, 'C', 0)  /* as leak_eof, in a forked child that ends */

enum soak_kind {
#define KIND(name, letter, every) SOAK_##name,
	SOAK_KINDS(KIND) SOAK_COUNT
#undef KIND
};

static const struct {
	const char *name;
	char letter;
	unsigned every;
} soak_kinds[SOAK_COUNT] = {
#define KIND(name, letter, every) { #name, letter, every },
	SOAK_KINDS(KIND)
#undef KIND
};

#endif
