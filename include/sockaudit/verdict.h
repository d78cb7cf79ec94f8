/* SPDX-License-Identifier: MIT */
/*
 * The rule that a socket breaks, from its slot and the kernel's word: one truth for the line that
 * the library prints at exit and for the report. Pure functions; what the rules mean stands in
 * report/findings.def.
 */
#ifndef SOCKAUDIT_VERDICT_H
#define SOCKAUDIT_VERDICT_H

#include <sockaudit/cycles.h>
#include <stdbool.h>

enum verdict_rule {
	VERDICT_NONE,
	VERDICT_HELD_BY_COPY,
	VERDICT_CONNECT_FAILED,
	VERDICT_SHUTDOWN,
	VERDICT_EOF,
	VERDICT_ERROR,
	VERDICT_FIN_UNREAD,
	VERDICT_HELD_BY_CHILD, /* the reporter's alone: it takes several ledgers */
	VERDICT_EOF_SPIN,
	VERDICT_STALE_POOL, /* of VERDICT_FIN_UNREAD, by pool.h */
};

/* States of tcp(7) as tcp_info and inet_diag number them. */
enum { KERNEL_UNKNOWN = 0, KERNEL_CLOSE = 7, KERNEL_CLOSE_WAIT = 8 };
/* Of <sys/socket.h> and <poll.h>, without them in the library's reach. */
#define VERDICT_SOCK_STREAM    1
#define VERDICT_SOCK_DGRAM     2
#define VERDICT_SOCK_SEQPACKET 5
#define VERDICT_POLLHUP	       0x0010u
#define VERDICT_POLLRDHUP      0x2000u
#define VERDICT_EPOLLIN	       0x0001u

/* What the kernel says of one socket; all zero when nobody asked it or it is no TCP socket. */
struct verdict_kernel {
	uint8_t tcp_state; /* KERNEL_UNKNOWN, or 1 to 12 */
	bool has_ages;	   /* last_ack_recv_ms is known */
	uint32_t last_ack_recv_ms;
	uint64_t at;		    /* when it said so, in cycles */
	uint32_t last_data_sent_ms; /* by whatever call, hooked or not */
	bool keepalive;		    /* probes are on: their answers renew the age of the last ACK */
	uint32_t last_data_recv_ms;
	bool unread;	   /* bytes wait to be received, beside the FIN */
	bool queue_known;  /* whether they do, is known */
	uint32_t slack_ms; /* it may have said so up to this long before `at` */
	bool unlisted;	   /* what is under the number now stands in none of its lists */
};

struct verdict {
	enum verdict_rule rule;
	uint64_t since;	     /* cycles: the grace runs from here; never earlier than the truth */
	bool since_at_least; /* the true beginning may be earlier */
	bool working;	     /* a request came, and the client left before the answer */
	bool ageless;	     /* a reset, of which nothing tells when it came after the last use */
	stack_id evidence_stack;
	uint8_t evidence_call;
	int16_t evidence_errno;
};

static inline uint64_t verdict_later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The kernel counts its ages in ticks of up to 10 ms, rounded either way. */
#define VERDICT_TICKS_MS 20u

/* The moment that the kernel tells as an age. */
static inline uint64_t verdict_moment(const struct verdict_kernel *kernel, uint64_t age_ms,
				      double ns_per_cycle)
{
	uint64_t ago = (uint64_t)((double)age_ms * 1e6 / ns_per_cycle);

	return ago < kernel->at ? kernel->at - ago : 0;
}

/*
 * Evidence that was told late, when its number had become another socket's, is not that one's. A
 * copy has what its original lived through before.
 */
static inline bool verdict_is_of_before(const struct ledger_slot *slot, uint64_t at)
{
	return at < slot->opened_at && slot->origin != ORIGIN_COPY &&
	       !(slot->flags & SOCKET_COPIED);
}

/* Takes such evidence out of a copied slot. */
static inline void verdict_drop_strangers(struct ledger_slot *slot)
{
	if (verdict_is_of_before(slot, slot->eof_at))
		slot->eof_at = 0;
	if (verdict_is_of_before(slot, slot->error_at))
		slot->error_at = 0;
	if (verdict_is_of_before(slot, slot->told_at))
		slot->told_at = 0;
	/* It was asked for beside one of these, and told as late. */
	if (!slot->eof_at && !slot->error_at && !slot->shutdown_at)
		slot->inode = 0;
}

/*
 * When data was last sent after the EOF was read: by a hooked call, or, so far as the kernel tells,
 * by stdio, splice or io_uring, of which no hook hears.
 */
static inline uint64_t verdict_sent_since(const struct ledger_slot *slot,
					  const struct verdict_kernel *kernel, double ns_per_cycle)
{
	uint64_t known = verdict_later(slot->eof_at, slot->last_send);

	if (!kernel->has_ages || ns_per_cycle <= 0)
		return known;
	/* As old as it can be: a reporter that was slow to ask has seen nobody send. */
	uint64_t told = verdict_moment(
		kernel, (uint64_t)kernel->last_data_sent_ms + kernel->slack_ms, ns_per_cycle);
	return cycles_to_ms(ns_per_cycle, known, told) > VERDICT_TICKS_MS ? told : known;
}

/*
 * Whether the kernel proves that somebody worked with the socket after that moment, seen by a hook
 * or not: the ages are as old as they can be. What was received may lie there untouched;
 * `received_counts` takes it for work all the same.
 */
static inline bool verdict_works_since(const struct verdict_kernel *kernel, uint64_t moment,
				       bool received_counts, double ns_per_cycle)
{
	if (!kernel->has_ages || ns_per_cycle <= 0)
		return false;
	uint64_t sent = verdict_moment(kernel,
				       (uint64_t)kernel->last_data_sent_ms + kernel->slack_ms,
				       ns_per_cycle),
		 received = verdict_moment(kernel,
					   (uint64_t)kernel->last_data_recv_ms + kernel->slack_ms,
					   ns_per_cycle);

	return cycles_to_ms(ns_per_cycle, moment, sent) > VERDICT_TICKS_MS ||
	       ((received_counts || !kernel->unread) &&
		cycles_to_ms(ns_per_cycle, moment, received) > VERDICT_TICKS_MS);
}

/*
 * A descriptor that nobody expects this process to close for its peer's sake: its standard input or
 * output, which somebody else put there; or one that its parent left open and that it never used
 * (held-by-child is the parent's finding).
 */
static inline bool verdict_is_excused(int fd, const struct ledger_slot *slot)
{
	bool handed = slot->origin == ORIGIN_COPY || slot->origin == ORIGIN_INHERITED ||
		      slot->origin == ORIGIN_ADOPTED;
	bool used = slot->last_receive || slot->last_send || slot->eof_at || slot->error_at ||
		    slot->shutdown_at;

	return (fd >= 0 && fd <= 2 && handed) ||
	       (!used && (slot->origin == ORIGIN_INHERITED || (slot->flags & SOCKET_INHERITED)));
}

/* So many reads of one EOF are no retry and no protocol's courtesy. A loop does them in a
 * millisecond. */
#define VERDICT_SPIN_READS 1000u

/* Counts that stop at their largest: a spin of an hour must not look like none. */
static inline uint32_t verdict_count(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Two descriptors of one socket: what was lived through with either. `into` stays the one that is
 * named. */
static inline void verdict_merge(struct ledger_slot *into, const struct ledger_slot *alias)
{
	if (alias->eof_at && (!into->eof_at || alias->eof_at < into->eof_at)) {
		into->eof_at = alias->eof_at;
		into->eof_stack = alias->eof_stack;
		into->eof_call = alias->eof_call;
		into->eof_claim = alias->eof_claim;
	}
	if (alias->error_at && (!into->error_at || alias->error_at < into->error_at)) {
		into->error_at = alias->error_at;
		into->error_stack = alias->error_stack;
		into->error_call = alias->error_call;
		into->error_errno = alias->error_errno;
	}
	if (alias->shutdown_at > into->shutdown_at) {
		into->shutdown_at = alias->shutdown_at;
		into->shutdown_stack = alias->shutdown_stack;
		into->shutdown_call = alias->shutdown_call;
	}
	if (alias->connect_at > into->connect_at) {
		uint32_t outcome = SOCKET_CONNECT_FAILED | SOCKET_CONNECTING;

		into->connect_at = alias->connect_at;
		into->connect_stack = alias->connect_stack;
		into->connect_call = alias->connect_call;
		into->connect_errno = alias->connect_errno;
		into->flags = (into->flags & ~outcome) | (alias->flags & outcome);
	}
	if (alias->told_at && (!into->told_at || alias->told_at < into->told_at)) {
		into->told_at = alias->told_at;
		into->told_events = alias->told_events;
		into->told_stack = alias->told_stack;
		into->told_call = alias->told_call;
	}
	if (verdict_later(alias->last_receive, alias->last_send) >
	    verdict_later(into->last_receive, into->last_send))
		into->direction = alias->direction;
	into->eof_reads = verdict_count(into->eof_reads, alias->eof_reads);
	into->last_receive = verdict_later(into->last_receive, alias->last_receive);
	into->last_send = verdict_later(into->last_send, alias->last_send);
	into->received = verdict_later(into->received, alias->received);
	into->sent = verdict_later(into->sent, alias->sent);
	into->flags |= alias->flags & (SOCKET_CONNECTED | SOCKET_CONNECTOR | SOCKET_STDIO |
				       SOCKET_LISTENING | SOCKET_IGNORED);
}

/* What two open descriptors of one socket know of another one's close. The closed one was at work
 * only if neither of these two was. */
static inline void verdict_merge_closed(struct ledger_slot *into, const struct ledger_slot *alias)
{
	if ((alias->flags & SOCKET_COPY_CLOSED) &&
	    (!(into->flags & SOCKET_COPY_CLOSED) || alias->closed_at > into->closed_at)) {
		into->closed_at = alias->closed_at;
		into->closed_stack = alias->closed_stack;
		into->closed_call = alias->closed_call;
	}
	into->flags |= alias->flags & SOCKET_COPY_CLOSED;
	into->flags &= alias->flags | ~(uint32_t)SOCKET_COPY_WORKED;
}

/* The same as verdict_merge() where both descriptors are open. */
static inline void verdict_merge_open(struct ledger_slot *into, const struct ledger_slot *alias)
{
	verdict_merge(into, alias);
	verdict_merge_closed(into, alias);
	if (alias->epoll_since > into->epoll_since) {
		into->epoll_since = alias->epoll_since;
		into->epoll_interest = alias->epoll_interest;
		into->epoll_fd = alias->epoll_fd;
		for (unsigned i = 0; i < sizeof into->aside_stack; i++)
			into->aside_stack[i] = alias->aside_stack[i];
	}
}

/* epoll watches it, but not for data. */
static inline bool verdict_reading_is_off(const struct ledger_slot *slot)
{
	return slot->epoll_fd && slot->epoll_since && !(slot->epoll_interest & VERDICT_EPOLLIN);
}

/* It was taken out of its epoll and not used since. At the end of a program that says nothing: then
 * everything is; only if its peer had ended before, nobody was there to hear of it. */
static inline bool verdict_is_unwatched(const struct ledger_slot *slot, uint64_t fin_since,
					bool live)
{
	return slot->epoll_since && !slot->epoll_fd && slot->epoll_since > slot->last_receive &&
	       slot->epoll_since > slot->last_send && (live || slot->epoll_since < fin_since);
}

/* Where it came that nobody waited for an end which nobody read; 0: no such place is known. */
static inline stack_id verdict_aside(const struct ledger_slot *slot, const struct verdict *verdict,
				     bool live)
{
	return verdict->rule == VERDICT_FIN_UNREAD && !(slot->flags & SOCKET_STDIO) &&
			       (verdict_reading_is_off(slot) ||
				verdict_is_unwatched(slot, verdict->since, live))
		       ? ASIDE_STACK(slot)
		       : 0;
}

/*
 * Since when the peer's FIN or reset is there, at the earliest that it is safe to say: the FIN came
 * at or before the latest ACK. A reset is no ACK, so in CLOSE the program's own last use bounds it
 * too; there that use is the only bound without ages.
 */
static inline bool verdict_is_told(const struct ledger_slot *slot)
{
	uint64_t began = slot->connect_at ? slot->connect_at : slot->opened_at;

	return (slot->told_events & (VERDICT_POLLHUP | VERDICT_POLLRDHUP)) &&
	       slot->told_at > began && !(slot->flags & SOCKET_SHUT_READ);
}

static inline uint64_t verdict_fin_since(const struct ledger_slot *slot,
					 const struct verdict_kernel *kernel, double ns_per_cycle)
{
	uint64_t used = verdict_later(slot->last_receive, slot->last_send),
		 began = slot->connect_at ? slot->connect_at : slot->opened_at,
		 since = verdict_later(used, began);

	if (kernel->has_ages && ns_per_cycle > 0) {
		/* An ACK that answers a probe says nothing of the FIN: then the upper bound
		 * decides, the last data. */
		uint32_t ms =
			kernel->keepalive ? kernel->last_data_recv_ms : kernel->last_ack_recv_ms;
		uint64_t told = verdict_later(verdict_moment(kernel, ms, ns_per_cycle), began);

		since = kernel->tcp_state == KERNEL_CLOSE ? verdict_later(told, used) : told;
		used = verdict_later(
			used, verdict_moment(kernel, kernel->last_data_sent_ms, ns_per_cycle));
	} else if (kernel->tcp_state == KERNEL_CLOSE_WAIT) {
		/* An idle connection's FIN may have come just now: it was first seen here. */
		since = verdict_later(since, kernel->at);
	}
	/*
	 * poll or epoll told of it, and it was not our own shutdown: it was there by then. What is
	 * still being sent is work, so the last use counts. Before it connects, every socket says
	 * HUP.
	 */
	uint64_t latest = verdict_later(slot->told_at, used);
	return verdict_is_told(slot) && latest < since ? latest : since;
}

/*
 * One of the socket's descriptors was closed as if that were all, and nothing was done with it
 * since through those that are open: the closed one was the one at work, or the conversation is
 * over. 0: not so; else since when.
 */
static inline uint64_t verdict_held_since(const struct ledger_slot *slot,
					  const struct verdict_kernel *kernel, bool connected,
					  double ns_per_cycle)
{
	uint64_t closed = slot->closed_at;
	bool worked = slot->flags & SOCKET_COPY_WORKED;

	/* In CLOSING the time is that of its own close(). */
	if (!(slot->flags & SOCKET_COPY_CLOSED) || !closed ||
	    LIFE_PHASE(slot->life) == PHASE_CLOSING ||
	    (slot->type != VERDICT_SOCK_STREAM && slot->type != VERDICT_SOCK_SEQPACKET))
		return 0;
	/* Used, connected, or watched through what is left: the program goes on with the copy. */
	if (slot->last_receive > closed || slot->last_send > closed || slot->eof_at > closed ||
	    slot->error_at > closed || slot->shutdown_at > closed || slot->connect_at > closed ||
	    slot->epoll_since > closed || slot->epoll_fd)
		return 0;
	/* stdio's use is seen by nobody but the kernel. */
	if ((slot->flags & SOCKET_STDIO) && !kernel->has_ages)
		return 0;
	if (verdict_works_since(kernel, closed, !worked, ns_per_cycle))
		return 0;
	if (worked || slot->eof_at || slot->error_at || slot->shutdown_at ||
	    (slot->flags & SOCKET_CONNECT_FAILED))
		return closed;
	if (connected &&
	    (kernel->tcp_state == KERNEL_CLOSE_WAIT || kernel->tcp_state == KERNEL_CLOSE))
		return verdict_later(closed, verdict_fin_since(slot, kernel, ns_per_cycle));
	return 0;
}

/* The rule that a socket breaks as things stand, grace not considered. `slot` is a copy that was
 * not torn. */
static inline struct verdict verdict_of(const struct ledger_slot *slot,
					const struct verdict_kernel *kernel, double ns_per_cycle)
{
	struct verdict verdict = { .rule = VERDICT_NONE };
	uint64_t used = verdict_later(slot->last_receive, slot->last_send);

	if (slot->flags & (SOCKET_LISTENING | SOCKET_IGNORED))
		return verdict;
	/* It may be another one by now, and only by an inode, which was not asked for yet, could
	 * it be told from the one that ended. */
	if (kernel->unlisted && slot->eof_at && slot->eof_claim == EOF_UNASKED && !slot->inode)
		return verdict;
	/* A datagram socket works without a connection: after a failed connect() it may still serve
	 * sendto(). */
	if (slot->type == VERDICT_SOCK_DGRAM &&
	    (!(slot->flags & SOCKET_CONNECT_FAILED) || used > slot->connect_at))
		return verdict;
	/* Not everyone asks for the result of a connect() that was under way: data tells it too,
	 * and so does a FIN. */
	bool connected = (slot->flags & SOCKET_CONNECTED) || slot->received || slot->sent ||
			 kernel->tcp_state == KERNEL_CLOSE_WAIT;
	bool given_up = kernel->tcp_state == KERNEL_CLOSE && (slot->flags & SOCKET_CONNECTING) &&
			!connected;
	uint64_t held = verdict_held_since(slot, kernel, connected, ns_per_cycle);
	if (held) {
		verdict = (struct verdict){ .rule = VERDICT_HELD_BY_COPY,
					    .since = held,
					    .since_at_least = held > slot->closed_at,
					    .evidence_stack = slot->closed_stack,
					    .evidence_call = slot->closed_call };
		return verdict;
	}
	/* What has carried data since is connected, whatever was said of an earlier try. */
	bool failed = (slot->flags & SOCKET_CONNECT_FAILED) && used <= slot->connect_at;
	if (failed || given_up) {
		verdict = (struct verdict){ .rule = VERDICT_CONNECT_FAILED,
					    .since = slot->connect_at,
					    .since_at_least = given_up,
					    .evidence_stack = slot->connect_stack,
					    .evidence_call = slot->connect_call,
					    .evidence_errno = given_up ? 0 : slot->connect_errno };
		return verdict;
	}
	if (!connected)
		return verdict;
	/* Our shutdown, unless something was learnt after it: then that was the last act. */
	if (slot->shutdown_at >= slot->eof_at && slot->shutdown_at >= slot->error_at &&
	    slot->shutdown_at) {
		verdict = (struct verdict){ .rule = VERDICT_SHUTDOWN,
					    .since = slot->shutdown_at,
					    .evidence_stack = slot->shutdown_stack,
					    .evidence_call = slot->shutdown_call };
		return verdict;
	}
	if (slot->eof_at && slot->eof_reads >= VERDICT_SPIN_READS) {
		/* Who looks for more after each piece that it sends is at work, too. */
		verdict = (struct verdict){ .rule = VERDICT_EOF_SPIN,
					    .since = verdict_sent_since(slot, kernel, ns_per_cycle),
					    .evidence_stack = slot->eof_stack,
					    .evidence_call = slot->eof_call };
		return verdict;
	}
	if (slot->error_at && (!slot->eof_at || slot->error_at < slot->eof_at)) {
		verdict = (struct verdict){ .rule = VERDICT_ERROR,
					    .since = verdict_later(slot->error_at, used),
					    .evidence_stack = slot->error_stack,
					    .evidence_call = slot->error_call,
					    .evidence_errno = slot->error_errno };
		return verdict;
	}
	if (slot->eof_at) {
		/* Data sent after the EOF is a half-close at work: the grace starts again. */
		verdict = (struct verdict){ .rule = VERDICT_EOF,
					    .since = verdict_sent_since(slot, kernel, ns_per_cycle),
					    .evidence_stack = slot->eof_stack,
					    .evidence_call = slot->eof_call };
		return verdict;
	}
	if (kernel->tcp_state != KERNEL_CLOSE_WAIT && kernel->tcp_state != KERNEL_CLOSE)
		return verdict;
	verdict = (struct verdict){
		.rule = VERDICT_FIN_UNREAD,
		.since = verdict_fin_since(slot, kernel, ns_per_cycle),
		.since_at_least = true,
		.working = !(slot->flags & SOCKET_CONNECTOR) && slot->direction == 1,
		.ageless = kernel->tcp_state == KERNEL_CLOSE && !verdict_is_told(slot)
	};
	return verdict;
}

/* The time at which the last but one socket was opened: an evidence before it has seen two more. 0:
 * none. */
static inline uint64_t verdict_two_opened_since(const uint64_t openings[8])
{
	uint64_t latest = 0, second = 0;

	for (int i = 0; i < 8; i++) {
		if (openings[i] > latest) {
			second = latest;
			latest = openings[i];
		} else if (openings[i] > second) {
			second = openings[i];
		}
	}
	return second;
}

#define VERDICT_EXIT_GRACE_MS  1000u  /* at exit, where none was given */
#define VERDICT_LIVE_GRACE_MS  60000u /* while it runs */
#define VERDICT_WORKING_FACTOR 10u    /* live, for a request that was not yet answered */
#define VERDICT_SPIN_GRACE_MS  1000u  /* live, where EOF is read for ever: no work waits for that */

/*
 * The kernel tells a FIN's age in ticks of up to 10 ms. A younger one may have come after the two
 * that were opened since, and no event loop can be asked to have seen it: a client stopped in full
 * flight has some (wrk, ab).
 */
#define VERDICT_UNREAD_LEAST_MS 10u

/* Whether an ended process's socket is past its grace by the rules for ended ones; `ended` in
 * cycles; `marked_since` the evidence, the program went on to another test.
 */
static inline bool verdict_ripe_at_exit(const struct verdict *verdict, const uint64_t openings[8],
					bool marked_since, uint64_t ended, double ns_per_cycle)
{
	uint64_t age = cycles_to_ms(ns_per_cycle, verdict->since, ended);

	/* A client that resets makes its server end, and that is no leak: it came just now. */
	if (verdict->ageless ||
	    (verdict->rule == VERDICT_FIN_UNREAD && age < VERDICT_UNREAD_LEAST_MS))
		return false;
	return age >= VERDICT_EXIT_GRACE_MS || marked_since ||
	       verdict_two_opened_since(openings) > verdict->since;
}

#endif
