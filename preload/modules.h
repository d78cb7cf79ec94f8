/* SPDX-License-Identifier: MIT */
/*
 * Modules: which mapped file an address of code belongs to, and that file's record in the ledger.
 * Found by glibc's _dl_find_object, which takes no lock and makes no system call.
 */
#ifndef MODULES_H
#define MODULES_H

#include <stdbool.h>
#include <stdint.h>

struct link_map;

/* A loaded object, as the dynamic linker sees it; valid while its code is on the caller's stack. */
struct module_span {
	uintptr_t start, end;
	uintptr_t bias;		   /* load address less ELF virtual address */
	const void *unwind_header; /* .eh_frame_hdr */
	const struct link_map *map;
};

/* In the constructor. */
void modules_start(void);

/* False: this libc can't tell (musl, glibc before 2.35); every address is then a bare one. */
bool modules_known(void);

/* The object around an address; false when there is none (generated code). Never blocks. */
bool modules_find(uintptr_t address, struct module_span *span);

/* A return address as the ledger keeps it (FRAME_MAKE). Enters its module in the ledger when it is
 * new; module 0 when there is none or no room. `epoch` counts the unloadings so far. Never blocks;
 * needs a ledger. */
uint64_t modules_frame(uintptr_t return_address, uint32_t epoch);

/* Is this code of libsockaudit.so? */
bool modules_is_self(uintptr_t address);

/* _dl_find_object(); -1 where libc has none. */
struct dl_find_object;
int modules_find_object(void *address, struct dl_find_object *result);

#endif
