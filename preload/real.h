/* SPDX-License-Identifier: MIT */
/* libc's functions behind our hooks (or those of the next preload), looked up once, at the first
 * need: other libraries' constructors call hooks before ours has run. */
#ifndef REAL_H
#define REAL_H

#include "libc_decl.h"

/*
 * Each entry starts as a stub that fills the whole table and goes on to the real function, so that
 * a call through it needs no check (real_first.c).
 */
struct real_functions {
	void *none; /* entries are indexed by enum call */
#define HOOK(name) __typeof__(name) *name;
#include "hooks.def"
#undef HOOK
};
extern struct real_functions real_functions __attribute__((visibility("hidden")));

/* Index of a call's name in the ledger; 0 is "none". */
enum call {
	CALL_none,
#define HOOK(name) CALL_##name,
#include "hooks.def"
#undef HOOK
	CALL_count,
};

/* Fills the table. A function that this libc lacks answers -1 with ENOSYS. */
void real_resolve(void) __attribute__((visibility("hidden")));

/* The names that `enum call` indexes, for the ledger. */
extern const char *const real_call_names[CALL_count];

#define REAL(name) real_functions.name

#endif
