/* SPDX-License-Identifier: MIT */
/*
 * Stacks across ledgers. The same code is at another address in every process; a frame here is a
 * module, told by its build-id, and an offset, so that equal code has equal numbers wherever it
 * ran.
 */
#ifndef CODE_H
#define CODE_H

#include "model.h"
#include "processes.h"

struct code;

struct code *code_new(struct arena *arena);
void code_free(struct code *code);
/* Before there is much in memory: what resolves stacks is a copy of this process. `symbol_cache` as
 * in symbol_cache.h. */
void code_prepare(struct code *code, const char *symbol_cache);
/* Before the ledgers that it was asked about are freed, where it goes on without them: what is
 * known of their code stays, and so do the numbers and the resolved stacks. */
void code_forget_ledgers(struct code *code);

/* The number of a member's stack, equal for equal code; 0 for no stack. */
uint32_t code_stack(struct code *code, const struct member *member, stack_id stack);
/* Its source terms, resolved once. Never NULL. */
struct stack *code_resolve(struct code *code, uint32_t stack);
/* A call there, with its errno or 0; no place without a call and a stack. `stack` is a number of
 * code_stack(). */
struct place code_place(struct code *code, const char *call, int error, uint32_t stack);
/* A number that stacks share which are the same lines of the same modules; 0 for no stack. */
uint32_t code_lines(struct code *code, uint32_t stack);
/* A number that stacks share whose site is the same place; 0 for no stack. */
uint32_t code_site(struct code *code, uint32_t stack);

#endif
