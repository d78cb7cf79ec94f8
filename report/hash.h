/* SPDX-License-Identifier: MIT */
/* uthash, with memory that is out treated as everywhere else in the reporter (arena.h). */
#ifndef HASH_H
#define HASH_H

#include "arena.h"
#include <stdlib.h>

#define uthash_fatal(message) (arena_out_of_memory(), abort())
#include <uthash.h>

#endif
