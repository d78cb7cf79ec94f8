/* SPDX-License-Identifier: MIT */
/* The process that parses programs' files in our stead: it may crash, hang or eat its memory
 * without harm to us. */
#ifndef SYMBOLS_WORKER_H
#define SYMBOLS_WORKER_H

#include "symbols_wire.h"

struct symbols_worker;

/* Starts the process: best while we are small, as it is a copy of us. NULL when memory is out. */
struct symbols_worker *symbols_worker_new(void);
void symbols_worker_free(struct symbols_worker *worker);

/*
 * What the object says of `address`, and of tail calls between it and `inner`: see
 * object_positions. `module` is a small number that stands for the request's path, root, build-id
 * and kind: the same for the same object, counted from 0. -EPIPE: the process died of it or took
 * too long (the next question starts a new one); another -errno: no process, no memory.
 */
int symbols_worker_ask(struct symbols_worker *worker, unsigned module,
		       const struct object_request *request, uint64_t address, uint64_t inner,
		       struct symbols_answer *answer);

/* What it would answer from, and whether it can; likewise. */
int symbols_worker_sources(struct symbols_worker *worker, unsigned module,
			   const struct object_request *request, enum object_trouble *trouble,
			   struct object_sources *sources);

#endif
