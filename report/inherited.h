/* SPDX-License-Identifier: MIT */
/* What this program changes of what it was started with, and must give back to one that it starts
 * itself. */
#ifndef INHERITED_H
#define INHERITED_H

/* As many descriptors as may be, and no SIGPIPE. Remembers what was before. */
void inherited_change(void);
/* In a child, before its exec. */
void inherited_restore(void);

#endif
