/* SPDX-License-Identifier: MIT */
/* Why a running process has no auditor; from its program's ELF header and /proc. */
#include "unaudited.h"

#include "proc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOTE_NAME_GO "Go"

/* What its program's file tells. */
struct program {
	bool known; /* an ELF file of our word size, read to the end of its header */
	bool other_word_size;
	bool go;
	char interpreter[256]; /* the dynamic linker's path; "" for a static program */
};

static int proc_open(uint32_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool note_is_of_go(int exe, const Elf64_Phdr *segment)
{
	struct {
		Elf64_Nhdr header;
		char name[sizeof(NOTE_NAME_GO)];
	} note;

	return pread(exe, &note, sizeof(note), (off_t)segment->p_offset) >=
		       (ssize_t)(sizeof(note.header) + sizeof(note.name)) &&
	       !memcmp(note.name, NOTE_NAME_GO, sizeof(note.name));
}

static void program_read(int exe, struct program *program)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	memset(program, 0, sizeof(*program));
	if (pread(exe, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return;
	if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)) {
		program->other_word_size = true;
		return;
	}
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(segment))
		return;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		if (pread(exe, &segment, sizeof(segment),
			  (off_t)(header.e_phoff + i * sizeof(segment))) != sizeof(segment))
			return;
		if (segment.p_type == PT_NOTE)
			program->go |= note_is_of_go(exe, &segment);
		if (segment.p_type != PT_INTERP)
			continue;
		size_t room = sizeof(program->interpreter) - 1;
		ssize_t n = pread(exe, program->interpreter,
				  segment.p_filesz < room ? segment.p_filesz : room,
				  (off_t)segment.p_offset);
		if (n <= 0)
			return;
		program->interpreter[n] = 0;
	}
	program->known = true;
}

/* The kernel told its dynamic linker to trust no environment. */
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

#define IGNORED "; the dynamic linker ignores LD_PRELOAD there: "
#define SETUID	"a setuid program" IGNORED "start it as the user that it becomes"

static const char *secure_reason(int exe)
{
	struct stat file;
	int error = fstat(exe, &file);

	if (!error && file.st_mode & S_ISUID)
		return SETUID;
	if (!error && file.st_mode & S_ISGID)
		return "a setgid program" IGNORED "start it with the group that it takes";
	if (fgetxattr(exe, "security.capability", NULL, 0) > 0)
		return "a program with file capabilities" IGNORED
		       "start a copy of it without them, with ambient ones or as root";
	return "started with the rights of another user" IGNORED "start it as that user";
}

/* Of a process that isn't ours to look into. */
static const char *closed_reason(uint32_t pid, int error)
{
	if (error == ENOENT)
		return "it has no program: a thread of the kernel, or it has just ended";
	return proc_user_differs(pid) ? SETUID
				      : "as far as can be seen: there is no permission to look "
					"into it; run as its user, or as root";
}

static const char *environment_reason(uint32_t pid, bool musl)
{
	switch (proc_environment_has(pid, "libsockaudit")) {
	case 0:
		return "LD_PRELOAD did not name the library when it started (cleared by env -i, "
		       "sudo or a service manager?); start it with LD_PRELOAD=libsockaudit.so";
	case 1:
		return musl ? "linked with musl libc, which did not find the library; set "
			      "LD_PRELOAD to its whole path"
			    : "LD_PRELOAD names the library, but it was not loaded; the dynamic "
			      "linker said why on standard error";
	}
	return "it was started without the library; start it with LD_PRELOAD=libsockaudit.so";
}

/* What the file alone tells; NULL: the library could be in it. */
static const char *program_reason(const struct program *program)
{
	if (program->other_word_size)
		return sizeof(void *) == 8 ? "a 32-bit program; the library takes 64-bit ones"
					   : "a 64-bit program; the library takes 32-bit ones";
	if (program->known && !*program->interpreter)
		return program->go ? "statically linked, written in Go; its runtime makes the "
				     "system calls itself, past any libc"
				   : "statically linked; link it with libc dynamically to audit it";
	return NULL;
}

/* The program that a script names in its first line; false: it is no script. */
static bool script_interpreter(int file, char path[256])
{
	char line[256];
	ssize_t n = pread(file, line, sizeof(line) - 1, 0);

	line[n < 0 ? 0 : n] = 0;
	return sscanf(line, "#! %255s", path) == 1;
}

const char *unaudited_file_reason(const char *path)
{
	struct program program;
	struct stat status;
	char interpreter[256];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (file >= 0 && script_interpreter(file, interpreter)) {
		close(file);
		file = open(interpreter, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (file < 0)
		return "its program's file can't be read, so nothing tells why";
	program_read(file, &program);
	const char *reason = program_reason(&program);
	if (!reason && !fstat(file, &status) &&
	    (status.st_mode & (S_ISUID | S_ISGID) ||
	     fgetxattr(file, "security.capability", NULL, 0) > 0))
		reason = secure_reason(file);
	if (!reason && strstr(program.interpreter, "ld-musl"))
		reason = "linked with musl libc, which did not load the library";
	close(file);
	return reason ? reason
		      : "LD_PRELOAD did not name the library when it started (cleared by env -i, "
			"sudo or a service manager?)";
}

const char *unaudited_reason(uint32_t pid)
{
	struct program program;
	const char *reason;
	int exe = proc_open(pid, "exe");

	if (exe < 0)
		return closed_reason(pid, errno);
	program_read(exe, &program);
	reason = program_reason(&program);
	if (!reason && runs_secure(pid))
		reason = secure_reason(exe);
	else if (!reason)
		reason = environment_reason(pid, strstr(program.interpreter, "ld-musl"));
	close(exe);
	return reason;
}
