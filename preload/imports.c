/* SPDX-License-Identifier: MIT */
/*
 * Most programs never open a socket, and it shows: what an object calls of others stands by name
 * among the undefined symbols of its dynamic symbol table. They come before those that the table's
 * hash finds, so that few are looked at.
 */
#include "imports.h"
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char *const makers[] = {
	"socket",   "socketpair",  "accept",  "accept4", "recvmsg",
	"recvmmsg", "pidfd_getfd", "syscall", "dlopen",	 "dlmopen",
};

static bool is_maker(const char *name)
{
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
		if (strcmp(name, makers[i]) == 0)
			return true;
	return false;
}

/* The linker has added the load address in place, but not in what it may not write to (the vDSO).
 */
static const void *place(ElfW(Addr) bias, ElfW(Addr) address)
{
	return (const void *)(address < bias ? bias + address : address);
}

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *object)
{
	const ElfW(Dyn) *dynamic = NULL;

	for (unsigned i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr;

		/* Our own calls say nothing of the program. */
		if (part->p_type == PT_LOAD && (uintptr_t)imports_sockets - start < part->p_memsz)
			return NULL;
		if (part->p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)start;
	}
	return dynamic;
}

static int look(struct dl_phdr_info *object, size_t size, void *with)
{
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;
	const uint32_t *gnu_hash = NULL, *hash = NULL;
	const ElfW(Dyn) *entry = dynamic_of(object);

	(void)size, (void)with;
	for (; entry && entry->d_tag != DT_NULL; entry++) {
		const void *found = place(object->dlpi_addr, entry->d_un.d_ptr);

		if (entry->d_tag == DT_SYMTAB)
			symbols = found;
		else if (entry->d_tag == DT_STRTAB)
			names = found;
		else if (entry->d_tag == DT_GNU_HASH)
			gnu_hash = found;
		else if (entry->d_tag == DT_HASH)
			hash = found;
	}
	if (!symbols || !names)
		return 0;
	if (!gnu_hash && !hash)
		return 1;
	/* The first symbol that the one finds; all symbols that the other has. */
	uint32_t end = gnu_hash ? gnu_hash[1] : hash[1];
	for (uint32_t i = 1; i < end; i++)
		if (symbols[i].st_shndx == SHN_UNDEF && is_maker(names + symbols[i].st_name))
			return 1;
	return 0;
}

bool imports_sockets(void)
{
	return dl_iterate_phdr(look, NULL) != 0;
}
