/* SPDX-License-Identifier: MIT */
/* Finding the separate file that holds a program's debug information. Never asks the network. */
#ifndef DEBUG_FILE_H
#define DEBUG_FILE_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/* An open ELF file. */
struct debug_file {
	int fd;	  /* -1 none */
	Elf *elf; /* NULL none */
	char *path;
};

/* The debug file of `elf`, which stands at `path` under `root`: by build-id, else by
 * .gnu_debuglink. */
bool debug_file_find(Elf *elf, const char *root, const char *path, struct debug_file *found);
/* The file that dwz moved shared parts of `dwarf` to (.gnu_debugaltlink); `path` is the file of
 * `dwarf`. */
bool debug_file_find_shared(Dwarf *dwarf, const char *root, const char *path,
			    struct debug_file *found);
void debug_file_close(struct debug_file *file);

#endif
