/* SPDX-License-Identifier: MIT */
/* What the kernel alone knows of the sockets of a process that has no auditor. */
#ifndef UNAUDITED_SOCKETS_H
#define UNAUDITED_SOCKETS_H

#include "audit.h"

/* States, and the sockets in CLOSE_WAIT that no other process's ledger knows either. */
void unaudited_sockets_fill(const struct audit *audit, size_t member, struct process *process);

#endif
