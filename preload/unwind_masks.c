/* SPDX-License-Identifier: MIT */
/*
 * libunwind's locks without their system calls. At each step of a walk it blocks all signals, by
 * sigprocmask(), and puts the mask back; on a scratch stack they are blocked already. (And more of
 * them: libc's sigprocmask() leaves those of its own open, so that a cancellation could have ended
 * a walk in the middle.) So its reference to sigprocmask() is led here, which does nothing for
 * whoever calls from a scratch stack, and for others, a program that uses libunwind itself, what
 * it always did. Two thirds of a walk's time.
 */
#include "unwind.h"

#include "scratch.h"
#include "sys.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int mask_function(int how, const sigset_t *set, sigset_t *old);

static mask_function *masks_of_libc;

static int change_mask(int how, const sigset_t *set, sigset_t *old)
{
	if (!scratch_is_here((uintptr_t)__builtin_frame_address(0)))
		return masks_of_libc(how, set, old);
	if (old)
		sigfillset(old);
	return 0;
}

/* What the library's dynamic section says; glibc has made addresses of its offsets. */
static uintptr_t dynamic(const struct link_map *map, ElfW(Sxword) tag)
{
	for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return entry->d_un.d_ptr;
	return 0;
}

/* Whether the linker has made this place read-only after it had filled it. */
static bool is_sealed(const struct link_map *map, uintptr_t place)
{
	const ElfW(Ehdr) *image = (const void *)map->l_addr;
	const ElfW(Phdr) *segment = (const void *)(map->l_addr + image->e_phoff);

	for (unsigned i = 0; i < image->e_phnum; i++, segment++)
		if (segment->p_type == PT_GNU_RELRO &&
		    place - map->l_addr - segment->p_vaddr < segment->p_memsz)
			return true;
	return false;
}

static void lead_here(const struct link_map *map, uintptr_t place)
{
	mask_function **slot = (mask_function **)place;
	long size = sysconf(_SC_PAGESIZE);
	uintptr_t page = place & -(uintptr_t)size;
	bool sealed = is_sealed(map, place);

	if (sealed && sys_call(SYS_mprotect, page, size, PROT_READ | PROT_WRITE, 0) != 0)
		return;
	masks_of_libc = *slot;
	__atomic_store_n(slot, change_mask, __ATOMIC_RELEASE);
	if (sealed)
		sys_call(SYS_mprotect, page, size, PROT_READ, 0);
}

void unwind_masks_start(void *library)
{
	static const ElfW(Sxword) tables[][2] = { { DT_JMPREL, DT_PLTRELSZ },
						  { DT_RELA, DT_RELASZ } };
	const struct link_map *map = NULL;

	if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
		dlerror(); /* or the program would be told of it */
		return;
	}
	const ElfW(Sym) *symbols = (const void *)dynamic(map, DT_SYMTAB);
	const char *names = (const void *)dynamic(map, DT_STRTAB);
	for (unsigned i = 0; i < 2; i++) {
		const ElfW(Rela) *entry = (const void *)dynamic(map, tables[i][0]);
		size_t count = dynamic(map, tables[i][1]) / sizeof *entry;

		for (; entry && count; count--, entry++)
			if (strcmp(names + symbols[ELF64_R_SYM(entry->r_info)].st_name,
				   "sigprocmask") == 0)
				lead_here(map, map->l_addr + entry->r_offset);
	}
}
