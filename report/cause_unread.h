/* SPDX-License-Identifier: MIT */
/* Why nobody read the FIN. For cause.c. */
#ifndef CAUSE_UNREAD_H
#define CAUSE_UNREAD_H

#include "cause.h"

/* Sets finding->class; the line, without times if `timeless`. */
const char *cause_of_unread(struct arena *arena, const struct audit *audit, struct finding *finding,
			    struct audited_socket *const *sockets, bool timeless);
/* The same of a pool at work. */
const char *cause_of_pool(struct arena *arena, const struct finding *finding,
			  struct audited_socket *const *sockets, bool timeless);

/* poll or epoll told of the end, and it was not what they say before every connect(). */
bool unread_is_told(const struct judgement *judgement);

/* The largest known value of the finding's rows. */
uint64_t cause_oldest(const struct finding *finding, uint64_t (*value)(const struct socket_row *));
/* " up to 5 s ago" after a verb or, without times, nothing. */
const char *cause_ago(struct arena *arena, uint64_t ms, bool timeless);

#endif
