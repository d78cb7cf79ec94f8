/* SPDX-License-Identifier: MIT */
/* Why a process has no auditor. */
#ifndef UNAUDITED_H
#define UNAUDITED_H

#include <stdint.h>

/* A static text, never NULL, that says what to do where something can be done: "statically linked;
 * link ..."
 */
const char *unaudited_reason(uint32_t pid);
/* The same of one that has ended, by the file of its program. */
const char *unaudited_file_reason(const char *path);

#endif
