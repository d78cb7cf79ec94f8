/* SPDX-License-Identifier: MIT */
/*
 * Sockets that some ledger of the family speaks of, open there or not: a child holds what its
 * parent has closed since, a program what was opened before an exec().
 */
#ifndef KNOWN_COOKIES_H
#define KNOWN_COOKIES_H

#include "audit.h"

struct known_cookies {
	struct socket_index index;
	bool taken;
};

/* Whether any of the members' ledgers of this boot knows the socket. Reads them at the first need.
 */
bool cookie_is_known(struct known_cookies *known, const struct audit *audit, uint64_t cookie);
void known_cookies_free(struct known_cookies *known);

#endif
