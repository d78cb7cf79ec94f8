/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>
#include <stddef.h>

/* Asks a server one question. 0, or -1 when it could not, or the server had trouble. */
int client_ask(const struct sockaddr_in *server, const char *question, char *answer, size_t size);

#endif
