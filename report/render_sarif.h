/* SPDX-License-Identifier: MIT */
/* The parts of a SARIF log, made of the model's; for render_sarif*.c alone. */
#ifndef RENDER_SARIF_H
#define RENDER_SARIF_H

#include "json_values.h"
#include "render_result.h"

#define SARIF_ROOT "%SRCROOT%"

/* Takes the nulls out of an object: what isn't known has no property in SARIF. */
json_t *sarif_known(json_t *object);
/* A message of safe words; what would be a link in them is none. */
json_t *sarif_message(struct results *results, const char *words);
/* Safe words for a message that has links of its own, of which these are none. */
char *sarif_plain(struct results *results, const char *words);
const char *sarif_level(enum severity severity);
/* A path as a URI, or the part of one that follows its base. */
char *sarif_uri(struct results *results, const char *path);

/* render_sarif_place.c: where a frame is, its function and its line; and whole stacks. */
json_t *sarif_frame_location(struct results *results, const struct frame *frame);
json_t *sarif_location(struct results *results, const struct location *location);
json_t *sarif_stack(struct results *results, const struct stack *stack, const char *what);
/* render_sarif_result.c */
json_t *sarif_result(struct results *results, const struct finding *finding,
		     const char *fingerprint, bool with_baseline, bool with_stacks);

#endif
