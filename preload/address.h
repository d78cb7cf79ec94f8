/* SPDX-License-Identifier: MIT */
/* From the program's and the kernel's sockaddr to the ledger's addresses. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sockaudit/ledger.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Keeps what is known; an address of another family, or none, changes nothing. */
void address_keep(struct ledger_address *to, const struct sockaddr *from, size_t size);

/* Asks the kernel by getsockname or getpeername (sys.h). Not after a seccomp filter. */
void address_ask(int fd, struct ledger_address *to,
		 int (*ask)(int fd, void *address, unsigned *size));

/* A wildcard address says nothing of the connections that it accepts. */
bool address_is_specific(const struct ledger_address *address);

#endif
