/* SPDX-License-Identifier: MIT */
/* Each process of a report, with the balance of what the kernel shows and what the ledger explains.
 */
#ifndef BALANCE_H
#define BALANCE_H

#include "audit.h"

/* After audit_group(): the processes, and the census of their sockets. */
void audit_balance(struct audit *audit, struct report *report);

#endif
