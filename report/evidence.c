/* SPDX-License-Identifier: MIT */
/* What the descriptors of one socket know of it, put together; see evidence.h. */
#include "evidence.h"

#include <string.h>

/* A descriptor that came from elsewhere knows less of how the socket came to be. */
static int origin_rank(const struct socket_ref *ref)
{
	switch ((enum ledger_origin)ref->slot->origin) {
	case ORIGIN_SOCKET:
	case ORIGIN_ACCEPT:
	case ORIGIN_PAIR:
		return 4;
	case ORIGIN_RECEIVED:
		return 3;
	case ORIGIN_COPY:
		return 2;
	case ORIGIN_INHERITED:
	case ORIGIN_ADOPTED:
		return 1;
	case ORIGIN_NONE:
		break;
	}
	return 0;
}

static const struct socket_ref *best_origin(const struct audited_socket *socket, bool holding_only)
{
	const struct socket_ref *best = NULL;

	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if (holding_only && !ref->holds)
			continue;
		int better = best ? origin_rank(ref) - origin_rank(best) : 1;
		if (better > 0 || (!better && ref->slot->opened_at < best->slot->opened_at))
			best = ref;
	}
	return best;
}

const struct socket_ref *evidence_opener(const struct audited_socket *socket)
{
	const struct socket_ref *holding = best_origin(socket, true),
				*any = best_origin(socket, false);

	return holding && origin_rank(holding) > 1 ? holding : any;
}

const char *evidence_opened_call(const struct audit *audit, const struct socket_ref *ref)
{
	static const char *const by_origin[] = { "socket", "socket", "accept",	"socketpair",
						 "dup",	   "fork",   "recvmsg", "exec" };
	const struct ledger *ledger = audit->members->items[ref->member].ledger;
	const struct ledger_slot *slot = ref->slot;
	const char *call = ledger_call(ledger, slot->opened_call);

	/* Nobody knows where it was opened: the stack is the fork's, the call was the first use
	 * here. */
	if (slot->origin == ORIGIN_INHERITED && slot->opened_stack &&
	    slot->opened_stack == ledger->header.fork_stack)
		return "fork";
	if (call)
		return call;
	return by_origin[slot->origin < sizeof(by_origin) / sizeof(*by_origin) ? slot->origin : 0];
}

/* The earlier of two evidences; 0 is "never". */
static bool is_earlier(uint64_t at, uint64_t than)
{
	return at && (!than || at < than);
}

void evidence_of_origin(struct ledger_slot *merged, struct evidence *evidence,
			const struct socket_ref *ref)
{
	const uint32_t connecting = SOCKET_CONNECTING | SOCKET_CONNECT_FAILED,
		       of_a_close = SOCKET_COPY_CLOSED | SOCKET_COPY_WORKED;
	const struct ledger_slot *slot = ref->slot;

	if (slot->connect_at > merged->connect_at) { /* the latest attempt counts */
		merged->connect_at = slot->connect_at;
		merged->connect_stack = slot->connect_stack;
		merged->connect_call = slot->connect_call;
		merged->connect_errno = slot->connect_errno;
		merged->flags = (merged->flags & ~connecting) | (slot->flags & connecting);
		evidence->connect = ref;
	}
	merged->flags |= slot->flags & ~(connecting | of_a_close);
	if (!merged->local.known)
		merged->local = slot->local;
	if (!merged->peer.known)
		merged->peer = slot->peer;
}

static uint64_t last_use(const struct ledger_slot *slot)
{
	return verdict_later(slot->last_receive, slot->last_send);
}

void evidence_of_life(struct ledger_slot *merged, struct evidence *evidence,
		      const struct socket_ref *ref)
{
	const struct ledger_slot *slot = ref->slot;

	if (is_earlier(slot->eof_at, merged->eof_at)) {
		merged->eof_at = slot->eof_at;
		merged->eof_call = slot->eof_call;
		merged->eof_claim = slot->eof_claim;
		evidence->eof = ref;
	}
	if (is_earlier(slot->error_at, merged->error_at)) {
		merged->error_at = slot->error_at;
		merged->error_call = slot->error_call;
		merged->error_errno = slot->error_errno;
		evidence->error = ref;
	}
	if (slot->shutdown_at > merged->shutdown_at) {
		merged->shutdown_at = slot->shutdown_at;
		merged->shutdown_call = slot->shutdown_call;
		evidence->shutdown = ref;
	}
	if (last_use(slot) > last_use(merged)) {
		merged->direction = slot->direction;
		evidence->used = ref;
	}
	if (slot->last_receive > merged->last_receive) {
		merged->last_receive = slot->last_receive;
		merged->last_receive_call = slot->last_receive_call;
	}
	if (slot->last_send > merged->last_send) {
		merged->last_send = slot->last_send;
		merged->last_send_call = slot->last_send_call;
	}
	if (slot->epoll_since > merged->epoll_since) {
		merged->epoll_since = slot->epoll_since;
		merged->epoll_interest = slot->epoll_interest;
		merged->epoll_fd = slot->epoll_fd;
		memcpy(merged->aside_stack, slot->aside_stack, sizeof(merged->aside_stack));
		evidence->interest = ref;
	}
	if (is_earlier(slot->told_at, merged->told_at)) {
		merged->told_at = slot->told_at;
		merged->told_events = slot->told_events;
		merged->told_call = slot->told_call;
		evidence->told = ref;
	}
	merged->received += slot->received;
	merged->sent += slot->sent;
	merged->exchanges += slot->exchanges;
	/* One that was closed left its count to another. */
	if (ref->holds)
		merged->eof_reads = verdict_count(merged->eof_reads, slot->eof_reads);
}

void evidence_of_close(struct ledger_slot *merged, struct evidence *evidence,
		       const struct socket_ref *ref)
{
	bool latest =
		(ref->slot->flags & SOCKET_COPY_CLOSED) &&
		(!(merged->flags & SOCKET_COPY_CLOSED) || ref->slot->closed_at > merged->closed_at);

	/* That the closed one was the one at work is true only if none of the open ones was. */
	if (!evidence->open_seen)
		merged->flags |= SOCKET_COPY_WORKED;
	evidence->open_seen = true;
	verdict_merge_closed(merged, ref->slot);
	if (latest)
		evidence->closed = ref;
}

void evidence_start(struct ledger_slot *merged, struct evidence *evidence)
{
	memset(evidence, 0, sizeof(*evidence));
	merged->connect_at = merged->eof_at = merged->error_at = merged->shutdown_at =
		merged->told_at = merged->closed_at = 0;
	merged->last_receive = merged->last_send = merged->received = merged->sent =
		merged->epoll_since = 0;
	merged->told_events = 0;
	merged->epoll_fd = 0;
	memset(merged->aside_stack, 0, sizeof(merged->aside_stack));
	merged->exchanges = merged->eof_reads = 0;
	merged->flags &= ~(uint32_t)(SOCKET_COPY_CLOSED | SOCKET_COPY_WORKED);
}

struct verdict_kernel evidence_of_kernel(const struct socket_kernel *kernel)
{
	return (struct verdict_kernel){
		.tcp_state = kernel->known ? kernel->tcp_state : KERNEL_UNKNOWN,
		.has_ages = kernel->ages_known,
		.last_ack_recv_ms = kernel->last_ack_recv_ms,
		.at = kernel->at,
		.slack_ms = kernel->slack_ms,
		.keepalive = kernel->keepalive,
		.last_data_sent_ms = kernel->last_data_sent_ms,
		.last_data_recv_ms = kernel->last_data_recv_ms,
		/* The FIN counts as one. */
		.unread = kernel->queues_known &&
			  kernel->recv_q > (kernel->tcp_state == KERNEL_CLOSE_WAIT),
		.queue_known = kernel->queues_known,
	};
}
