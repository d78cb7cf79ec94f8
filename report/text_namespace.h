/* SPDX-License-Identifier: MIT */
/* What a network namespace's CLOSE_WAIT is made of, for people. */
#ifndef TEXT_NAMESPACE_H
#define TEXT_NAMESPACE_H

#include "text_writer.h"

/* "30 opened behind libc, 2 process not audited". */
char *text_reasons(struct text *text, const struct unexplained *reasons, size_t count);
void text_namespaces(struct text *text);

#endif
