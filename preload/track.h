/* SPDX-License-Identifier: MIT */
/*
 * The verbs: what a hook tells about a descriptor, whatever the call was named. Verbs may change
 * errno (OBSERVE keeps it), never block, never allocate. `frame` is the hook's HERE. Splits:
 * track.c (birth, connection), refusals.c (no descriptor left), track_adopt.c (met while open),
 * track_data.c (reads, writes), track_end.c (close, copies, misuse).
 */
#ifndef TRACK_H
#define TRACK_H

#include "fdtable.h"
#include "threads.h"
#include <errno.h>
#include <sockaudit/cycles.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * A read or write that is about to happen: the slot and the life that its result will speak of.
 * When the number has no slot here, `life` tells what it was at that moment: the result may come
 * when it is another socket's. What was inherited gets its slot now, so that a call that waits long
 * for its first data is seen to use it.
 */
struct use {
	struct ledger_slot *slot; /* NULL: nothing to record */
	uint32_t life;
};
enum {
	USE_NOTHING = 1, /* no life looks like these two */
	USE_STALE = 2,	 /* a closed socket's number */
};
struct use track_use_seldom(int fd, enum call call); /* copies, inherited, closed; keeps errno */

static inline struct use track_use(int fd, enum call call)
{
	struct ledger_slot *slot = fdtable_own(fd);

	return slot ? (struct use){ slot, slot->life } : track_use_seldom(fd, call);
}

/* Birth. `type` as given to socket(), SOCK_CLOEXEC included. */
void track_open(int fd, int family, int type, enum call call, void *frame);
void track_pair(const int fds[2], int family, int type, enum call call, void *frame);
/* Whether the peer's address may be asked of an accept() that the program calls without: not of
 * AF_UNIX, where a peer that has gone would make it fail. */
bool track_may_ask_peer(int listener);
/* `address` is what accept() told of the peer, NULL if nobody knows; `flags` as given to accept4().
 */
void track_accept(int listener, int fd, const struct sockaddr *address, socklen_t size, int flags,
		  enum call call, void *frame);
/* Descriptors that came with a message; or one taken from another process. */
void track_received(const struct msghdr *message, bool cloexec, enum call call, void *frame);
void track_taken(int fd, enum call call, void *frame);
/*
 * Found open after exec, or of the parent and now used in the child, or received. `known`: the
 * flags of before, of which SOCKET_COPIED (there may be other descriptors for it) and
 * SOCKET_INHERITED matter. False: no socket (any more).
 */
bool track_adopt(int fd, enum ledger_origin origin, uint32_t known, enum call call, stack_id stack);

/* A call that would have made a descriptor got none: EMFILE or ENFILE. */
void track_refused(int error, enum call call, void *frame);

/* After any such call that failed. */
static inline void track_not_made(enum call call, void *frame)
{
	int error = errno;

	if (__builtin_expect(error == EMFILE || error == ENFILE, 0)) {
		track_refused(error, call, frame);
		errno = error;
	}
}

/* Connection. `error` is errno after the call when it failed, else 0. */
void track_bound(int fd, const struct sockaddr *address, socklen_t size);
void track_listening(int fd);
void track_connect(int fd, struct use use, int error, const struct sockaddr *address,
		   socklen_t size, enum call call, void *frame);
void track_told_error(int fd, int so_error, enum call call, void *frame);
/* `end`: what farewell_of_shutdown() said before the call. */
void track_shutdown(int fd, struct use use, int how, enum ledger_end end, int error, enum call call,
		    void *frame);
/* What close() does depends on options: after a setsockopt() that succeeded, and a socket() with a
 * protocol. */
static inline bool track_option_matters(int option) /* of SOL_SOCKET */
{
	return option == SO_LINGER || option == SO_RCVLOWAT;
}
void track_option_set(int fd, int option, const void *value, socklen_t size);
void track_protocol(int fd, int protocol);
/* A wait said HUP, RDHUP or ERR of it: kept once in a life, with the poll(2) bits. */
void track_told(int fd, uint32_t events, enum call call, void *frame);
/* A call on a number that is no socket's; `error` 0: it succeeded. Keeps a use after close. */
void track_stale(int fd, int error, enum call call, void *frame);
void track_stdio(int fd);
/* The program asks not to be told of it. */
void track_ignore(int fd);
void track_cloexec(int fd, bool cloexec);

/* The end. Before the real close; what it returns goes into track_closed() with errno, or 0 on
 * success. */
struct closing {
	struct ledger_slot *slot; /* NULL: the number never was a socket here */
	uint32_t life;
	bool told; /* false: nothing to tell afterwards */
};
struct closing track_close(int fd, enum call call, void *frame);
void track_closed(int fd, struct closing closing, int error, enum call call, void *frame);
/* The same for a range of numbers, both ends included. */
bool track_close_range(unsigned first, unsigned last, enum call call, void *frame);
void track_closed_range(unsigned first, unsigned last, bool closed, enum call call);
/* With CLOSE_RANGE_UNSHARE a thread closes in a table of its own: false (and counted), unless it is
 * the only thread. */
bool track_range_is_ours(unsigned flags);
void track_cloexec_range(unsigned first, unsigned last);
/* After a successful copy of `from` to `to`, a number that was free. */
void track_copy(int from, int to, bool cloexec, enum call call, void *frame);
/* The same onto a number of the program's choice: before the call, the life of `to` that would end
 * by it (0: none); then, whether it succeeded. */
uint32_t track_copied_over(int from, int to, enum call call, void *frame);
void track_copy_over(int from, int to, uint32_t life, bool done, bool cloexec, enum call call,
		     void *frame);

/* Neither data nor news. */
static inline bool track_nothing(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* All that is not data: EOF, errors, a child's first use. Keeps errno. */
void track_read_rest(int fd, uint32_t life, ssize_t n, size_t size, int flags, enum call call,
		     void *frame);
void track_write_rest(int fd, uint32_t life, ssize_t n, int flags, enum call call, void *frame);

/* Plain stores and the cycle counter, nothing else. Both return `n`. */
static inline ssize_t track_data_in(struct ledger_slot *slot, ssize_t n, enum call call)
{
	slot->last_receive = cycles_now();
	slot->received += (size_t)n;
	slot->last_receive_call = (uint8_t)call;
	return thread_turn(slot, DIRECTION_RECEIVED, thread_marks.received, n);
}

static inline ssize_t track_data_out(struct ledger_slot *slot, ssize_t n, enum call call)
{
	slot->last_send = cycles_now();
	slot->sent += (size_t)n;
	slot->last_send_call = (uint8_t)call;
	return thread_turn(slot, DIRECTION_SENT, thread_marks.sent, n);
}

/*
 * `n` bytes came, of `size` asked for. When the number has another owner by now, data is counted in
 * a slot that nobody is hurt by.
 */
static inline void track_read(int fd, struct use use, ssize_t n, size_t size, int flags,
			      enum call call, void *frame)
{
	if (__builtin_expect(n > 0 && use.slot && !(flags & (MSG_PEEK | MSG_ERRQUEUE)), 1))
		track_data_in(use.slot, n, call);
	else if (!track_nothing(n))
		track_read_rest(fd, use.life, n, size, flags, call, frame);
}

/* What an array of buffers has room for. */
static inline size_t track_parts_size(const struct iovec *parts, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	return size;
}

/* recvmsg() gave `n`; recvmmsg() gave `count` messages. */
void track_message(int fd, struct use use, const struct msghdr *message, ssize_t n, int flags,
		   enum call call, void *frame);
void track_messages(int fd, struct use use, const struct mmsghdr *messages, int count, int flags,
		    enum call call, void *frame);

static inline void track_write(int fd, struct use use, ssize_t n, int flags, enum call call,
			       void *frame)
{
	if (__builtin_expect(n > 0 && use.slot && !(flags & MSG_FASTOPEN), 1))
		track_data_out(use.slot, n, call);
	else if (!track_nothing(n))
		track_write_rest(fd, use.life, n, flags, call, frame);
}

/* Between a socket and a pipe, in either direction; EOF is the socket's when it is the source. */
struct splicing {
	int from, to;
	bool reads, writes;
	struct use source, sink;
};

static inline struct splicing track_splice(int from, int to, enum call call)
{
	struct splicing splicing = { .from = from,
				     .to = to,
				     .reads = fdtable_is_socket(from),
				     .writes = fdtable_is_socket(to) };

	if (splicing.reads)
		splicing.source = track_use(from, call);
	if (splicing.writes)
		splicing.sink = track_use(to, call);
	return splicing;
}

static inline void track_spliced(const struct splicing *splicing, ssize_t n, size_t size,
				 enum call call, void *frame)
{
	/* EPIPE speaks of a pipe that nobody reads. */
	if (splicing->reads && !(n < 0 && errno == EPIPE))
		track_read(splicing->from, splicing->source, n, size, 0, call, frame);
	if (splicing->writes && n)
		track_write(splicing->to, splicing->sink, n, 0, call, frame);
}

/* Internals that the parts share. */

/* What a call has told: when it returned, of which life. */
struct news {
	uint64_t at;
	uint32_t life; /* 0: of whatever it is now */
	enum call call;
};

/* A slot with what all births have in common; publish it when the rest is filled. NULL: not
 * recordable. */
struct ledger_slot *track_birth(int fd, enum ledger_origin origin, int family, int type,
				enum call call, stack_id stack, uint32_t *begun);
/* A socket option of type int; -1 when it can't be had. */
int track_option(int fd, int option);

/* The slot to write to: adopted in a child first, NULL when it can't be or is not ours to change.
 */
struct ledger_slot *track_slot(int fd, enum call call);
/* The slot that a call spoke of, if its life is still the one of before. */
struct ledger_slot *track_used(struct use use);
/* False when the number is another socket by now (counted as drift), or `life` is over. */
bool track_confirm(int fd, struct ledger_slot *slot, uint32_t life);
/* Asks what the EOF of this socket left unasked, if anything; or what the last one did, unless its
 * socket was closed since. */
void track_ask(int fd, struct ledger_slot *slot);
void track_ask_put_off(void);
/* Keeps the socket's inode beside an evidence: by it a reader knows the socket where the kernel
 * lists no cookie. */
void track_identify(int fd, struct ledger_slot *slot);
void track_connect_failed(struct ledger_slot *slot, int error, enum call call, void *frame);
void track_error(int fd, struct ledger_slot *slot, struct news news, int error, void *frame);
void track_flags(struct ledger_slot *slot, uint32_t set, uint32_t clear);

#endif
