/* SPDX-License-Identifier: MIT */
/*
 * Where distributions put debug information: /usr/lib/debug/.build-id/xx/yyyy.debug, or the name
 * that .gnu_debuglink gives, beside the program, in .debug, or in /usr/lib/debug. Each is tried in
 * the program's own root first, then in ours: debug packages for a container's binaries often stand
 * on the host, and the build-id tells whether they fit.
 */
#include "debug_file.h"
#include "regular_file.h"

#include <elfutils/libdwelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUG_FOLDER   "/usr/lib/debug"
#define BUILD_ID_LIMIT 64

/* What a candidate must prove: the build-id, or without one the checksum of the whole file. */
struct proof {
	const uint8_t *build_id;
	size_t build_id_size;
	uint32_t checksum;
};

/* The CRC-32 of .gnu_debuglink: polynomial 0xedb88320, inverted before and after. */
static bool checksum_fits(int fd, uint32_t wanted)
{
	uint32_t table[256], checksum = UINT32_MAX;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;
		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
		table[i] = value;
	}

	unsigned char bytes[16384];
	off_t offset = 0;
	ssize_t size;
	while ((size = pread(fd, bytes, sizeof(bytes), offset)) > 0) {
		for (ssize_t i = 0; i < size; i++)
			checksum = table[(checksum ^ bytes[i]) & 0xff] ^ checksum >> 8;
		offset += size;
	}
	return size == 0 && ~checksum == wanted;
}

static bool proven(const struct debug_file *file, const struct proof *proof)
{
	if (!proof->build_id_size)
		return checksum_fits(file->fd, proof->checksum);
	const void *build_id;
	ssize_t size = dwelf_elf_gnu_build_id(file->elf, &build_id);
	return size > 0 && (size_t)size == proof->build_id_size &&
	       !memcmp(build_id, proof->build_id, proof->build_id_size);
}

void debug_file_close(struct debug_file *file)
{
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct debug_file){ .fd = -1 };
}

static bool try_under(const char *root, const char *path, const struct proof *proof,
		      struct debug_file *found)
{
	struct debug_file file = { .fd = regular_file_open(root, path) };
	if (file.fd < 0)
		return false;
	file.elf = elf_begin(file.fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	file.path = strdup(path);
	if (file.elf && file.path && elf_kind(file.elf) == ELF_K_ELF && proven(&file, proof)) {
		*found = file;
		return true;
	}
	debug_file_close(&file);
	return false;
}

static bool try(const char *root, const char *path, const struct proof *proof,
		struct debug_file *found)
{
	if (root && *root && try_under(root, path, proof, found))
		return true;
	/* Outside the program's root only a build-id is proof enough of being meant. */
	if (root && *root && !proof->build_id_size)
		return false;
	return try_under("", path, proof, found);
}

static bool try_build_id(const char *root, const struct proof *proof, struct debug_file *found)
{
	if (proof->build_id_size < 2 || proof->build_id_size > BUILD_ID_LIMIT)
		return false;
	char path[sizeof(DEBUG_FOLDER "/.build-id/xx/.debug") + 2 * BUILD_ID_LIMIT];
	int length =
		snprintf(path, sizeof(path), DEBUG_FOLDER "/.build-id/%02x/", proof->build_id[0]);
	for (size_t i = 1; i < proof->build_id_size; i++)
		length += snprintf(path + length, sizeof(path) - (size_t)length, "%02x",
				   proof->build_id[i]);
	snprintf(path + length, sizeof(path) - (size_t)length, ".debug");
	return try(root, path, proof, found);
}

/* The program itself may bear the name of its link; it has no DWARF, so no harm comes of finding
 * it. */
static bool try_beside(const char *root, const char *path, const char *name,
		       const struct proof *proof, struct debug_file *found)
{
	static const char *const places[][2] = {
		{ "", "/" }, { "", "/.debug/" }, { DEBUG_FOLDER, "/" }, { DEBUG_FOLDER "/usr", "/" }
	};
	const char *slash = strrchr(path, '/');
	if (!slash || strchr(name, '/') || !*name)
		return false;
	bool good = false;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places) && !good; i++) {
		char *candidate;
		if (asprintf(&candidate, "%s%.*s%s%s", places[i][0], (int)(slash - path), path,
			     places[i][1], name) < 0)
			return false;
		if (strcmp(candidate, path))
			good = try(root, candidate, proof, found);
		free(candidate);
	}
	return good;
}

bool debug_file_find(Elf *elf, const char *root, const char *path, struct debug_file *found)
{
	struct proof proof = { 0 };
	const void *build_id = NULL;
	ssize_t size = dwelf_elf_gnu_build_id(elf, &build_id);
	if (size > 0) {
		proof.build_id = build_id;
		proof.build_id_size = (size_t)size;
		if (try_build_id(root, &proof, found))
			return true;
	}
	GElf_Word checksum = 0;
	const char *name = dwelf_elf_gnu_debuglink(elf, &checksum);
	proof.checksum = checksum;
	return name && try_beside(root, path, name, &proof, found);
}

bool debug_file_find_shared(Dwarf *dwarf, const char *root, const char *path,
			    struct debug_file *found)
{
	const char *name = NULL;
	const void *build_id = NULL;
	ssize_t size = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &build_id);
	if (size <= 0)
		return false;
	struct proof proof = { .build_id = build_id, .build_id_size = (size_t)size };
	if (try_build_id(root, &proof, found))
		return true;
	if (name && name[0] == '/')
		return try(root, name, &proof, found);

	/* Relative to the file that names it. */
	const char *slash = strrchr(path, '/');
	char *candidate;
	if (!name || !slash || asprintf(&candidate, "%.*s/%s", (int)(slash - path), path, name) < 0)
		return false;
	bool good = try(root, candidate, &proof, found);
	free(candidate);
	return good;
}
