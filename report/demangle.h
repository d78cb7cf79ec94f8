/* SPDX-License-Identifier: MIT */
/* Names as the linker knows them into names as people wrote them. */
#ifndef SOCKAUDIT_DEMANGLE_H
#define SOCKAUDIT_DEMANGLE_H

/*
 * The readable form, in malloc'd memory, of a C++ or Rust (legacy and v0) linkage name, without
 * parameters; of any other name the name itself. The compiler's clone suffixes (".constprop.0") and
 * symbol versions ("@@V1") are left out, so that a name is the same with and without debug
 * information. NULL when memory is out.
 */
char *demangle(const char *name);

#endif
