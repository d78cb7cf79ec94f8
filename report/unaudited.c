/* SPDX-License-Identifier: MIT */
/* Why a running process has no auditor; from its program's ELF header and /proc. */
#include "unaudited.h"

#include "proc.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int proc_open(uint32_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The dynamic linker's path into `interpreter`; "" for a static program. False: it can't be told.
 */
static bool interpreter_of(int exe, char *interpreter, size_t size, bool *other_word_size)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	*interpreter = 0;
	*other_word_size = false;
	if (pread(exe, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return false;
	if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)) {
		*other_word_size = true;
		return true;
	}
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(segment))
		return false;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		if (pread(exe, &segment, sizeof(segment),
			  (off_t)(header.e_phoff + i * sizeof(segment))) != sizeof(segment))
			return false;
		if (segment.p_type != PT_INTERP)
			continue;
		size_t length = segment.p_filesz < size - 1 ? segment.p_filesz : size - 1;
		ssize_t n = pread(exe, interpreter, length, (off_t)segment.p_offset);
		interpreter[n < 0 ? 0 : n] = 0;
		return n > 0;
	}
	return true;
}

static bool runs_secure(uint32_t pid)
{
	Elf64_auxv_t pairs[64];
	int fd = proc_open(pid, "auxv");
	ssize_t n = fd < 0 ? -1 : read(fd, pairs, sizeof(pairs));

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(*pairs); i++)
		if (pairs[i].a_type == AT_SECURE)
			return pairs[i].a_un.a_val;
	return false;
}

const char *unaudited_reason(uint32_t pid)
{
	char interpreter[256];
	bool other_word_size;
	int exe = proc_open(pid, "exe");

	if (exe < 0)
		return "no permission to look into it; run as its user, or as root";
	bool known = interpreter_of(exe, interpreter, sizeof(interpreter), &other_word_size);
	close(exe);
	if (other_word_size)
		return "other word size";
	if (known && !*interpreter)
		return "static binary";
	if (strstr(interpreter, "ld-musl"))
		return "musl libc";
	if (runs_secure(pid))
		return "setuid, setgid or file capabilities";
	switch (proc_environment_has(pid, "libsockaudit")) {
	case 0:
		return "LD_PRELOAD was not set when it started; start it with "
		       "LD_PRELOAD=libsockaudit.so";
	case 1:
		return "the library was not loaded, though LD_PRELOAD names it";
	}
	return "it was started without the library";
}
