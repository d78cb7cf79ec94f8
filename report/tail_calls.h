/* SPDX-License-Identifier: MIT */
/* The calls that left no frame: functions that ended in a jump to another one. */
#ifndef TAIL_CALLS_H
#define TAIL_CALLS_H

#include "object_dwarf.h"

#include <stddef.h>
#include <stdint.h>

#define TAIL_CALL_LIMIT 4

/* The address of the function that the module's symbols call `name`; 0 none. */
typedef uint64_t tail_call_symbol(void *context, const char *name);

/*
 * The jumps that led from the call at `address` to the next inner frame, innermost first: what the
 * compiler said of its calls allows that one way only, else none. `inner`: an address in that
 * frame, OBJECT_OUTSIDE when it is not in this module. Returns how many.
 */
size_t tail_calls_find(struct unit_index *index, tail_call_symbol *symbol, void *context,
		       uint64_t address, uint64_t inner, uint64_t calls[TAIL_CALL_LIMIT]);

#endif
