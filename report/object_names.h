/* SPDX-License-Identifier: MIT */
/* The addresses of a module's functions that other units can call, by name. */
#ifndef OBJECT_NAMES_H
#define OBJECT_NAMES_H

#include <elfutils/libdwfl.h>
#include <stdint.h>

struct object_names;

/* NULL when memory is out. */
struct object_names *object_names_new(Dwfl_Module *module);
void object_names_free(struct object_names *names);

/* 0: none, or more than one. */
uint64_t object_names_find(const struct object_names *names, const char *name);

#endif
