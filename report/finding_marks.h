/* SPDX-License-Identifier: MIT */
/* Under which test a finding's sockets were opened, and under which they leaked. */
#ifndef FINDING_MARKS_H
#define FINDING_MARKS_H

#include "audit.h"

/* `sockets` are the finding's, in the order of its rows; NULL: it is of misuses. */
void finding_marks(const struct audit *audit, struct finding *finding,
		   struct audited_socket *const *sockets);

#endif
