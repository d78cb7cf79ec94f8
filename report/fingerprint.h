/* SPDX-License-Identifier: MIT */
/* What makes a finding the same one after a rebuild. */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include "model.h"

/* Sets finding->fingerprint and ->stable from its rule, opened and evidence. */
void finding_fingerprint(struct finding *finding);
/* A function's name without what a compiler or an edit elsewhere changes: clone suffixes, template
 * arguments, lambda numbers, symbol versions, Rust's hashes. `size` > 0; cut when it doesn't fit.
 */
void function_name_normalise(const char *name, char *normal, size_t size);

#endif
