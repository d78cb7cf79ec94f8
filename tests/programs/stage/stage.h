/* SPDX-License-Identifier: MIT */
/*
 * What the programs of this folder share: a place on loopback to act, and the moment when the
 * audience looks. Nothing here leaves a socket open that the program did not ask for.
 */
#ifndef SOCKAUDIT_TESTS_STAGE_H
#define SOCKAUDIT_TESTS_STAGE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The result of a call that cannot fail here; ends the program with status 3 when it did. */
#define must(call) stage_must((call), #call, __LINE__)
int stage_must(long result, const char *call, int line);

/* Ends the program with status 3 unless `truth`: the test itself is broken, not what it tests. */
#define expect(truth) stage_must((truth) ? 0 : -1, #truth, __LINE__)

/* A listener on 127.0.0.1, on a port that the kernel chose; the caller closes it. */
int stage_listen(void);
unsigned short stage_port(int fd);

/* 127.0.0.1:port as connect() wants it; valid until the thread's next call. */
const struct sockaddr *stage_address(unsigned short port);
#define STAGE_ADDRESS_SIZE sizeof(struct sockaddr_in)

void stage_nonblocking(int fd);

/* Says "ready" and waits until standard input ends: now the program is looked at, then ended or
 * killed. */
void stage_ready(void);

#ifdef __cplusplus
}
#endif
#endif
