/* SPDX-License-Identifier: MIT */
/*
 * The kernel's TIME_WAIT and the ledgers' rings of ended connections: whose close() each comes
 * from.
 */
#ifndef JOIN_TIME_WAIT_H
#define JOIN_TIME_WAIT_H

#include "audit.h"

/* How long the kernel keeps it on Linux, whatever tcp_fin_timeout says. */
#define TIME_WAIT_MS 60000u

/* Fills audit->time_waits. Of ended members the kernel is asked only if they lived in our own
 * namespace of this boot and may have left some. */
void time_waits_join(struct audit *audit);

#endif
