/* SPDX-License-Identifier: MIT */
/*
 * Judges every audited socket. What its descriptors saw, in several numbers and processes, is put
 * together first: an EOF that a child read is an EOF of the socket. The rule itself stands in
 * sockaudit/verdict.h.
 */
#include "classify.h"

#include <string.h>

uint64_t member_end(const struct member *member)
{
	if (member->running && !member->superseded)
		return ledger_now(member->ledger);
	if (member->ledger->header.state != LEDGER_RUNNING && member->ledger->header.ended_at)
		return member->ledger->header.ended_at;
	/* Killed: it lived at least until the youngest time in its book. */
	return ledger_youngest(member->ledger);
}

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

static uint64_t last_use(const struct ledger_slot *slot)
{
	return verdict_later(slot->last_receive, slot->last_send);
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

/*
 * The call that made what is still open: of a copy whose original is closed, that is dup(). Only of
 * what came by fork or exec do others know better, even when their own descriptor is gone.
 */
static const struct socket_ref *opened_ref(const struct audited_socket *socket)
{
	const struct socket_ref *holding = best_origin(socket, true),
				*any = best_origin(socket, false);

	return holding && origin_rank(holding) > 1 ? holding : any;
}

/* The earlier of two evidences; 0 is "never". */
static bool is_earlier(uint64_t at, uint64_t than)
{
	return at && (!than || at < than);
}

struct evidence {
	const struct socket_ref *eof, *error, *shutdown, *connect, *used;
};

/* How the socket came to be: true whoever says so. */
static void origin_merge(struct ledger_slot *merged, struct evidence *evidence,
			 const struct socket_ref *ref)
{
	const uint32_t connecting = SOCKET_CONNECTING | SOCKET_CONNECT_FAILED;
	const struct ledger_slot *slot = ref->slot;

	if (slot->connect_at > merged->connect_at) { /* the latest attempt counts */
		merged->connect_at = slot->connect_at;
		merged->connect_stack = slot->connect_stack;
		merged->connect_call = slot->connect_call;
		merged->connect_errno = slot->connect_errno;
		merged->flags = (merged->flags & ~connecting) | (slot->flags & connecting);
		evidence->connect = ref;
	}
	merged->flags |= slot->flags & ~connecting;
	if (!merged->local.known)
		merged->local = slot->local;
	if (!merged->peer.known)
		merged->peer = slot->peer;
}

/* What was seen and done through one descriptor. */
static void life_merge(struct ledger_slot *merged, struct evidence *evidence,
		       const struct socket_ref *ref)
{
	const struct ledger_slot *slot = ref->slot;

	if (is_earlier(slot->eof_at, merged->eof_at)) {
		merged->eof_at = slot->eof_at;
		merged->eof_call = slot->eof_call;
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
	}
	if (is_earlier(slot->told_at, merged->told_at)) {
		merged->told_at = slot->told_at;
		merged->told_events = slot->told_events;
		merged->told_call = slot->told_call;
	}
	merged->received += slot->received;
	merged->sent += slot->sent;
	merged->exchanges += slot->exchanges;
	merged->eof_reads += slot->eof_reads;
}

/*
 * A descriptor that was closed speaks for its process if that still holds the socket by another
 * one. A child that read the end and closed did its duty: that the parent never looked stays true.
 */
static bool speaks(const struct audit *audit, const struct audited_socket *socket,
		   const struct socket_ref *ref)
{
	const struct member *member = &audit->members->items[ref->member];

	for (size_t i = 0; i < socket->ref_count && !ref->holds; i++) {
		const struct member *holder = &audit->members->items[socket->refs[i].member];
		if (socket->refs[i].holds && holder->pid == member->pid &&
		    holder->start_ticks == member->start_ticks)
			return true;
	}
	return ref->holds;
}

static struct verdict_kernel kernel_word(const struct socket_kernel *kernel)
{
	return (struct verdict_kernel){
		.tcp_state = kernel->known ? kernel->tcp_state : KERNEL_UNKNOWN,
		.has_ages = kernel->ages_known,
		.last_ack_recv_ms = kernel->last_ack_recv_ms,
		.at = kernel->at,
		.keepalive = kernel->keepalive,
		.last_data_sent_ms = kernel->last_data_sent_ms,
		.last_data_recv_ms = kernel->last_data_recv_ms,
	};
}

static void grace_apply(struct judgement *judgement, const struct member *member, bool live,
			const struct grace *grace)
{
	const struct ledger *ledger = member->ledger;
	const struct verdict *verdict = &judgement->verdict;
	uint64_t age = cycles_to_ms(ledger->ns_per_cycle, verdict->since, judgement->end);
	/* A program that runs may still be at work on a request whose client has left. */
	uint64_t patience = live && verdict->working ? VERDICT_WORKING_FACTOR : 1;

	if (grace->given) {
		judgement->ripe = age >= grace->ms * patience;
	} else if (ledger->header.grace_given) {
		judgement->ripe = age >= ledger->header.grace_ms * patience;
	} else if (live) {
		judgement->ripe = age >= VERDICT_LIVE_GRACE_MS * patience;
	} else {
		judgement->exit_rules = true;
		judgement->ripe = verdict_ripe_at_exit(verdict, ledger->header.openings,
						       judgement->end, ledger->ns_per_cycle);
	}
}

static const struct socket_ref *evidence_of(enum verdict_rule rule, const struct evidence *evidence)
{
	switch (rule) {
	case VERDICT_CONNECT_FAILED:
		return evidence->connect;
	case VERDICT_SHUTDOWN:
		return evidence->shutdown;
	case VERDICT_EOF:
		return evidence->eof;
	case VERDICT_ERROR:
		return evidence->error;
	case VERDICT_FIN_UNREAD:
	case VERDICT_NONE:
		break;
	}
	return NULL;
}

/* Whose process owes the close: the one that saw the end if it still holds, else the opener, else
 * any holder. */
static const struct member *debtor_of(const struct audit *audit,
				      const struct audited_socket *socket,
				      const struct socket_ref *evidence,
				      const struct socket_ref *opened)
{
	const struct socket_ref *wanted[] = { evidence, opened };

	for (size_t i = 0; i < 2; i++)
		if (wanted[i] && wanted[i]->holds)
			return &audit->members->items[wanted[i]->member];
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].holds)
			return &audit->members->items[socket->refs[i].member];
	return NULL;
}

static void socket_judge(struct audit *audit, struct audited_socket *socket,
			 const struct grace *grace)
{
	const struct socket_ref *opened = opened_ref(socket);
	struct ledger_slot merged = *opened->slot;
	struct evidence evidence = { NULL, NULL, NULL, NULL, NULL };
	bool owned = false;

	/* The opener's own facts come in by the same door as the others', so that each knows who
	 * saw it. */
	merged.connect_at = merged.eof_at = merged.error_at = merged.shutdown_at = merged.told_at =
		0;
	merged.last_receive = merged.last_send = merged.received = merged.sent =
		merged.epoll_since = 0;
	merged.exchanges = merged.eof_reads = 0;
	for (size_t i = 0; i < socket->ref_count; i++) {
		origin_merge(&merged, &evidence, &socket->refs[i]);
		if (speaks(audit, socket, &socket->refs[i]))
			life_merge(&merged, &evidence, &socket->refs[i]);
		owned |= socket->refs[i].holds &&
			 !verdict_is_excused(socket->refs[i].fd, socket->refs[i].slot);
	}
	if (!owned)
		return;
	struct verdict_kernel word = kernel_word(&socket->kernel);
	const struct ledger *book = audit->members->items[opened->member].ledger;
	struct verdict verdict = verdict_of(&merged, &word, book->ns_per_cycle);
	if (verdict.rule == VERDICT_NONE)
		return;
	struct judgement *judgement = arena_alloc(audit->arena, sizeof(*judgement));
	judgement->verdict = verdict;
	judgement->merged = merged;
	judgement->opened = opened;
	judgement->connected = evidence.connect;
	judgement->evidence = evidence_of(verdict.rule, &evidence);
	judgement->last_use = evidence.used;
	const struct member *debtor = debtor_of(audit, socket, judgement->evidence, opened);
	judgement->end = member_end(debtor);
	grace_apply(judgement, debtor, socket->live, grace);
	socket->judgement = judgement;
}

void audit_classify(struct audit *audit, const struct grace *grace)
{
	for (size_t i = 0; i < audit->socket_count; i++)
		socket_judge(audit, audit->sockets[i], grace);
}
