/* SPDX-License-Identifier: MIT */
/* When a socket's life turned: opened, used, its peer's FIN, the EOF read, closed. */
#ifndef SOCKET_LIFE_H
#define SOCKET_LIFE_H

#include "audit.h"

/* Of a socket that a ledger knows, from what its descriptors lived through together
 * (socket_lived()). */
void socket_life_fill(const struct audit *audit, const struct audited_socket *socket,
		      const struct judgement *lived, struct socket_life *life);
/* Of one that the kernel alone knows; `ended`: as it was at its process's end. */
void socket_life_of_kernel(const struct socket_kernel *kernel, bool ended,
			   struct socket_life *life);

#endif
