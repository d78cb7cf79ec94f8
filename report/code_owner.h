/* SPDX-License-Identifier: MIT */
/* Whose code a frame is: the program's, the system's, libc's, ours. */
#ifndef CODE_OWNER_H
#define CODE_OWNER_H

#include "model.h"

/* The module's path says a system library: libc, the dynamic linker, or a library in the system's
 * folders. `library`: known to be one rather than a program; guessed from the name when
 * `library_known` is not set. */
bool module_is_system(const char *path, bool library_known, bool library);
/* The source stands in the system's headers or a language's runtime, wherever its code was put. */
bool source_is_system(const struct frame *frame);
/* Belongs to no caller: libc's, its headers' inlined wrappers, libsockaudit's, a sanitizer's
 * interceptor. */
bool frame_is_wrapper(const struct frame *frame);

#endif
