/* SPDX-License-Identifier: MIT */
/* One socket of a finding, in the report's terms. */
#ifndef SOCKET_ROW_H
#define SOCKET_ROW_H

#include "audit.h"

void socket_row_fill(const struct audit *audit, const struct audited_socket *socket,
		     struct socket_row *row);
void misuse_row_fill(const struct audit *audit, const struct member *member,
		     const struct ledger_misuse *misuse, struct socket_row *row);
/* "127.0.0.1:80", "[fe80::1%2]:80"; NULL when the family is no internet's. */
const char *internet_text(struct arena *arena, uint16_t family, const uint8_t ip[16], uint16_t port,
			  uint32_t scope);
/* The same, with what the interface is called; NULL: by its number. */
const char *internet_text_on(struct arena *arena, uint16_t family, const uint8_t ip[16],
			     uint16_t port, uint32_t scope, const char *interface);
/* The kernel's word of a socket's two addresses; NULL where there is none. */
const char *kernel_local_text(struct arena *arena, const struct socket_kernel *kernel);
const char *kernel_peer_text(struct arena *arena, const struct socket_kernel *kernel);
/* "stream"; NULL for those without a name. "tcp", "udp", "unix", else the family's. */
const char *type_name(uint8_t type);
const char *protocol_name(struct arena *arena, uint16_t family, uint8_t type);
/* What its descriptors know of a socket, judged or not; `own` is where to put it together. NULL:
 * nothing. */
const struct judgement *socket_lived(const struct audit *audit, const struct audited_socket *socket,
				     struct judgement *own);
/* An address as a ledger has it; NULL unknown. */
const char *address_text(struct arena *arena, const struct ledger *ledger, uint16_t family,
			 const struct ledger_address *address);
/* The name of an address family: "inet"; a number for those without one. */
const char *family_name(struct arena *arena, uint16_t family);

#endif
