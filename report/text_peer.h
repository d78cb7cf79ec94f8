/* SPDX-License-Identifier: MIT */
/* Who stands at the other end of a socket, and who else holds it, in words. */
#ifndef TEXT_PEER_H
#define TEXT_PEER_H

#include "text_writer.h"

/* "pid 812 worker", without the pid when the report is to be reproducible; `name` NULL: unknown. */
char *text_who(struct text *text, uint32_t pid, const char *name);
/* How many processes hold a socket, by its list. */
size_t text_holder_processes(const struct holder *holders, size_t count);
/* Whether there is something to say of it. */
bool text_peer_is_told(const struct text *text, const struct socket_row *row);
/* "pid 812 worker, fd 9, CLOSE_WAIT, opened at net.c:12 serve()". `fds` stands where the descriptor
 * does, and may be ""; NULL: its own. */
char *text_peer(struct text *text, const struct socket_row *row, const char *fds);
/* The same with the life that it had there, where a ledger tells. */
char *text_peer_life(struct text *text, const struct socket_row *row);
/* "opened 12 s ago, last use recv() 5 s ago, FIN <= 4 s ago, EOF -, now CLOSE_WAIT"; with the place
 * of opening, if given. */
char *text_life(struct text *text, const struct socket_life *life, const struct place *opened);

#endif
