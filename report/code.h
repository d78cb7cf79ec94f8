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

struct code_frame {
	uint32_t module; /* index; 0 unknown */
	uint64_t offset; /* of the return address */
};

struct code *code_new(struct arena *arena);
void code_free(struct code *code);

/* The number of a member's stack, equal for equal code; 0 for no stack. */
uint32_t code_stack(struct code *code, const struct member *member, stack_id stack);
/* Its frames, innermost first, those of libsockaudit.so left out. */
size_t code_frames(const struct code *code, uint32_t stack, const struct code_frame **frames);
/* Its source terms, resolved once. Never NULL. */
struct stack *code_resolve(struct code *code, uint32_t stack);
/* The frame of a stack whose source terms hold the stack's site; NULL when it has none. */
const struct code_frame *code_site(struct code *code, uint32_t stack);

#endif
