/* SPDX-License-Identifier: MIT */
/* The tests of findings, by name: under which their sockets leaked. */
#ifndef TEXT_MARKS_H
#define TEXT_MARKS_H

#include "text_writer.h"

/* The tests under which sockets of these findings leaked, else under which they were opened: each
 * once, as they are; how many. *without: some socket has none. */
size_t text_marks(struct text *text, const struct finding *const *findings, size_t count,
		  const char ***names, bool *without);
/* The lines of one finding in a report for people; none without tests. */
void text_marks_tell(struct text *text, const struct finding *finding);

#endif
