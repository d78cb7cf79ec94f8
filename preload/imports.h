/* SPDX-License-Identifier: MIT */
/* What the program, as it is loaded, calls by name. */
#ifndef IMPORTS_H
#define IMPORTS_H

#include <stdbool.h>

/*
 * Whether any object of the program asks for a call that makes sockets or loads code that might;
 * true when that can't be told. In the constructor: takes the dynamic linker's lock.
 */
bool imports_sockets(void);

#endif
