/* SPDX-License-Identifier: MIT */
/* Why a running process has no auditor. */
#ifndef UNAUDITED_H
#define UNAUDITED_H

#include <stdint.h>

/* A static text, never NULL, that says what to do where something can be done: "statically linked;
 * link ..."
 */
const char *unaudited_reason(uint32_t pid);

#endif
