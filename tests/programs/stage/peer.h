/* SPDX-License-Identifier: MIT */
/*
 * The other end of the connections: a process of its own (peer_main.c), started before main() with
 * an empty environment, so without the library, and told by a pipe what to do. Each call returns
 * when it is done, and what says "arrived" when the kernel has delivered it to us: nobody needs to
 * sleep.
 */
#ifndef SOCKAUDIT_TESTS_PEER_H
#define SOCKAUDIT_TESTS_PEER_H

#ifdef __cplusplus
extern "C" {
#endif

enum peer_verb {
	PEER_LISTEN,  /* a new listener, the one for PEER_ACCEPT; its port. a: backlog */
	PEER_RESERVE, /* a port that refuses connections, until PEER_OPEN listens on it */
	PEER_OPEN,
	PEER_CONNECT,	 /* to our port a; a handle of its end */
	PEER_ACCEPT,	 /* the oldest waiting connection; a handle */
	PEER_SEND,	 /* b bytes through handle a */
	PEER_RECEIVE,	 /* exactly b bytes */
	PEER_HALF_CLOSE, /* sends its FIN; returns when it arrived */
	PEER_FINISH,	 /* the same, then closes */
	PEER_RESET,	 /* closes with a reset; returns when it arrived */
	PEER_EXPECT_END, /* waits until we closed or shut our way */
	PEER_REFUSED,	 /* waits until no connect() to port a is pending any more */
};

struct peer_order {
	int verb, a, b;
};

/* One order and its answer; -1 ends the program with status 3. */
int peer_do(enum peer_verb verb, int a, int b);

static inline int peer_listen(int backlog)
{
	return peer_do(PEER_LISTEN, backlog, 0);
}
static inline int peer_reserve(void)
{
	return peer_do(PEER_RESERVE, 0, 0);
}
static inline void peer_open(void)
{
	peer_do(PEER_OPEN, 0, 0);
}
static inline int peer_connect(int port)
{
	return peer_do(PEER_CONNECT, port, 0);
}
static inline int peer_accept(void)
{
	return peer_do(PEER_ACCEPT, 0, 0);
}
static inline void peer_send(int handle, int bytes)
{
	peer_do(PEER_SEND, handle, bytes);
}
static inline void peer_receive(int handle, int bytes)
{
	peer_do(PEER_RECEIVE, handle, bytes);
}
static inline void peer_half_close(int handle)
{
	peer_do(PEER_HALF_CLOSE, handle, 0);
}
static inline void peer_finish(int handle)
{
	peer_do(PEER_FINISH, handle, 0);
}
static inline void peer_reset(int handle)
{
	peer_do(PEER_RESET, handle, 0);
}
static inline void peer_expect_end(int handle)
{
	peer_do(PEER_EXPECT_END, handle, 0);
}
static inline void peer_refused(int port)
{
	peer_do(PEER_REFUSED, port, 0);
}

#ifdef __cplusplus
}
#endif
#endif
