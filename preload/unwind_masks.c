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
#include <sys/auxv.h>
#include <sys/mman.h>

typedef int mask_function(int how, const sigset_t *set, sigset_t *old);

static mask_function *masks_of_libc;

static int change_mask(int how, const sigset_t *set, sigset_t *old)
{
	if (!scratch_is_here((uintptr_t)__builtin_frame_address(0)))
		return masks_of_libc(how, set, old);
	if (old)
		memset(old, 0xff, sizeof *old);
	return 0;
}

/* What the library's dynamic section says; glibc has made addresses of its offsets. */
static uintptr_t dynamic(const struct module_span *library, ElfW(Sxword) tag)
{
	for (const ElfW(Dyn) *entry = library->map->l_ld; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return entry->d_un.d_ptr;
	return 0;
}

/* Whether the linker has made this place read-only after it had filled it: of a page that only
 * begins so it has not. */
static bool is_sealed(const struct module_span *library, uintptr_t place, uintptr_t page_size)
{
	const ElfW(Ehdr) *image = (const void *)library->start;
	const ElfW(Phdr) *segment = (const void *)(library->start + image->e_phoff);

	for (unsigned i = 0; i < image->e_phnum; i++, segment++) {
		uintptr_t start = library->bias + segment->p_vaddr, end = start + segment->p_memsz;

		if (segment->p_type == PT_GNU_RELRO && place >= (start & -page_size) &&
		    place < (end & -page_size))
			return true;
	}
	return false;
}

static void lead_here(const struct module_span *library, uintptr_t place)
{
	uintptr_t size = getauxval(AT_PAGESZ), page = place & -size;
	bool sealed = is_sealed(library, place, size);

	if (sealed && sys_call(SYS_mprotect, page, size, PROT_READ | PROT_WRITE, 0) != 0)
		return;
	__atomic_store_n((mask_function **)place, change_mask, __ATOMIC_RELEASE);
	if (sealed)
		sys_call(SYS_mprotect, page, size, PROT_READ, 0);
}

void unwind_masks_start(const struct module_span *library)
{
	static const ElfW(Sxword)
		tables[2][2] = { { DT_JMPREL, DT_PLTRELSZ }, { DT_RELA, DT_RELASZ } };
	const ElfW(Sym) *symbols = (const void *)dynamic(library, DT_SYMTAB);
	const char *names = (const void *)dynamic(library, DT_STRTAB);
	/* Not what stands there: in a program that has loaded libunwind itself that may be the way
	 * to the linker, which would put its own answer in our place. */
	void *symbol = dlsym(RTLD_DEFAULT, "sigprocmask");

	if (!symbol) {
		dlerror(); /* or the program would be told of it */
		return;
	}
	memcpy(&masks_of_libc, &symbol, sizeof symbol);
	for (unsigned i = 0; i < 2; i++) {
		const ElfW(Rela) *entry = (const void *)dynamic(library, tables[i][0]);
		size_t count = dynamic(library, tables[i][1]) / sizeof *entry;

		for (; entry && count; count--, entry++)
			if (strcmp(names + symbols[ELF64_R_SYM(entry->r_info)].st_name,
				   "sigprocmask") == 0)
				lead_here(library, library->bias + entry->r_offset);
	}
}
