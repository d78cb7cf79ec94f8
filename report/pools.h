/* SPDX-License-Identifier: MIT */
/* Which of the sockets whose FIN nobody read are a pool's at work (sockaudit/pool.h). */
#ifndef POOLS_H
#define POOLS_H

#include "audit.h"
#include "finding_list.h"

/* After all judgements: turns VERDICT_FIN_UNREAD into VERDICT_STALE_POOL where it is one. */
void audit_pools(struct audit *audit);
/* The facts of such a finding, of whose sockets these are. */
void pool_facts(struct finding_list *list, struct finding *finding,
		struct audited_socket *const *sockets);

#endif
