/* SPDX-License-Identifier: MIT */
/*
 * Whose code a frame is. The line that owes a close() is never one of libc, of a system library, or
 * of a header's template that the compiler put into the program, so all of these are known by name
 * and place.
 */
#include "code_owner.h"

#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What glibc consists of; followed by ".so" or, before 2.34, "-2.31.so". */
static const char *const libc_names[] = {
	"libc", "libpthread", "libdl", "librt", "libresolv", "libanl", "libutil", "libm", "libnsl",
};
static const char *const libc_prefixes[] = {
	"ld-linux", "ld-2.",	  "ld-musl-",	"ld.so",  "ld64.so",
	"libnss_",  "linux-vdso", "linux-gate", "[vdso]",
};
/* /usr/local is the administrator's own and not among them. */
static const char *const library_folders[] = {
	"/lib/",     "/lib64/",	    "/lib32/",	   "/libx32/",
	"/usr/lib/", "/usr/lib64/", "/usr/lib32/", "/usr/libx32/",
};
/* Headers of C++ and C libraries, and the sources that rustc's standard library was built from. */
static const char *const source_folders[] = {
	"/usr/include/",
	"/usr/lib/gcc/",
	"/usr/lib/llvm",
	"/rustc/",
};

static bool starts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static bool starts_with_any(const char *text, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (starts(text, prefixes[i]))
			return true;
	}
	return false;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool module_is_libc(const char *path)
{
	const char *name = last_part(path);
	for (size_t i = 0; i < COUNT(libc_names); i++) {
		const char *rest = name + strlen(libc_names[i]);
		if (starts(name, libc_names[i]) && (starts(rest, ".so") || starts(rest, "-2.")))
			return true;
	}
	return starts_with_any(name, libc_prefixes, COUNT(libc_prefixes));
}

bool module_is_system(const char *path, bool library_known, bool library)
{
	if (!path)
		return false;
	if (module_is_libc(path) || starts(last_part(path), "libsockaudit.so"))
		return true;
	if (!starts_with_any(path, library_folders, COUNT(library_folders)))
		return false;
	return library_known ? library : strstr(last_part(path), ".so") != NULL;
}

bool source_is_system(const struct frame *frame)
{
	const char *function = frame->function, *file = frame->file;
	if (file && (starts_with_any(file, source_folders, COUNT(source_folders)) ||
		     strstr(file, "/rustlib/src/rust/library/")))
		return true;
	/* What the C runtime's start files put into the program, below main(). */
	if (function && !file && !strcmp(function, "_start"))
		return true;
	/* Templates of the C++ library and Rust's own, when only the name is known. */
	return function && (starts(function, "std::") || starts(function, "<std::"));
}

/* "bits/NAME", or with the multiarch folder "x86_64-linux-gnu/bits/NAME": never libstdc++'s
 * "c++/12/bits". */
static bool is_libc_header(const char *file)
{
	const char *include = strstr(file, "/include/");
	if (!include)
		return false;
	const char *rest = include + strlen("/include/");
	const char *slash = strchr(rest, '/');
	if (!slash)
		return false;
	const char *triplet = strstr(rest, "-linux-");
	if (triplet && triplet < slash)
		rest = slash + 1;
	return starts(rest, "bits/") && !strchr(rest + strlen("bits/"), '/');
}

bool frame_is_wrapper(const struct frame *frame)
{
	if (frame->module &&
	    (module_is_libc(frame->module) || starts(last_part(frame->module), "libsockaudit.so")))
		return true;
	if (frame->inlined && frame->file && is_libc_header(frame->file))
		return true;
	/* clang links its sanitizers into the program. */
	return frame->function && (starts(frame->function, "__interceptor_") ||
				   starts(frame->function, "___interceptor_"));
}
