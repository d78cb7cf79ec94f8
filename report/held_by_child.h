/* SPDX-License-Identifier: MIT */
/* Sockets that a process closed and that live on in children that inherited them and never used
 * them.
 */
#ifndef HELD_BY_CHILD_H
#define HELD_BY_CHILD_H

#include "heirs.h"

/*
 * Judges a socket that nobody is expected to close, by his own descriptor: whether a process of the
 * family that closed it was still at work on it after the fork, or its peer has ended, and all who
 * hold it have it only by inheritance. Fills *judgement but for its grace, and *debtor, whose rules
 * it goes by. May add holders that are no members.
 */
bool held_by_child_judge(struct heirs *search, struct audited_socket *socket,
			 struct judgement *judgement, const struct member **debtor);

#endif
