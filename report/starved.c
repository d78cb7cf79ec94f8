/* SPDX-License-Identifier: MIT */
/* Connections that nobody accepted before their clients left; see starved.h. */
#include "starved.h"

#include "cause.h"
#include "classify.h"
#include "evidence.h"
#include "join_starved.h"
#include "socket_row.h"

#include <inttypes.h>

/* Of the listener: who accepted from it last. NULL: nobody that a ledger knows. */
static const struct socket_ref *acceptor_of(const struct audited_socket *listener)
{
	const struct socket_ref *last = NULL;

	for (size_t i = 0; i < listener->ref_count; i++) {
		const struct socket_ref *ref = &listener->refs[i];
		if (ref->holds && ref->slot->last_receive &&
		    (!last || ref->slot->last_receive > last->slot->last_receive))
			last = ref;
	}
	return last;
}

/* How long it has been dead at least: its FIN came with or before the last ACK. Where probes renew
 * that, the last data tells, as for any FIN. */
static uint64_t dead_ms(const struct socket_kernel *kernel)
{
	if (!kernel->ages_known)
		return MS_UNKNOWN;
	return kernel->keepalive ? kernel->last_data_recv_ms : kernel->last_ack_recv_ms;
}

static uint64_t grace_of(const struct audit *audit, const struct member *member)
{
	if (audit->grace_given)
		return audit->grace_ms;
	return member->ledger->header.grace_given ? member->ledger->header.grace_ms
						  : VERDICT_LIVE_GRACE_MS;
}

static void row_fill(const struct audit *audit, const struct member *member,
		     const struct queued_socket *dead, struct socket_row *row)
{
	const struct socket_kernel *kernel = &dead->kernel;

	*row = (struct socket_row){
		.pid = member->pid,
		.fd = -1,
		.family = family_name(audit->arena, kernel->family),
		.local = internet_text(audit->arena, kernel->family, kernel->local,
				       kernel->local_port, 0),
		.peer = internet_text(audit->arena, kernel->family, kernel->peer, kernel->peer_port,
				      0),
		.cookie = dead->cookie,
		.tcp_state = tcp_state_names[kernel->tcp_state],
		.queues_known = true,
		.recv_q = kernel->recv_q,
		.send_q = kernel->send_q,
		.age_ms = MS_UNKNOWN,
		.since_ms = dead_ms(kernel),
		.since_at_least = true,
		.last_use_ms = MS_UNKNOWN,
	};
}

static const char *cause_text(const struct audit *audit, const struct starved_queue *queue,
			      const struct finding *finding, uint64_t accepted_ms, bool timeless)
{
	struct arena *arena = audit->arena;
	const char *waiting =
		arena_printf(arena, "%" PRIu32 " wait in the queue, whose limit is %" PRIu32,
			     queue->length, queue->limit);

	if (!finding->evidence.call && accepted_ms == MS_UNKNOWN)
		return arena_printf(arena, "%s; nothing was ever accepted here", waiting);
	if (timeless || accepted_ms == MS_UNKNOWN)
		return arena_printf(arena, "%s; since the last accept() nobody came", waiting);
	return arena_printf(arena, "%s; the last accept() returned %s ago", waiting,
			    duration_text(arena, accepted_ms));
}

static void finding_of_queue(struct audit *audit, struct code *code, struct finding_list *list,
			     const struct starved_queue *queue)
{
	const struct socket_ref *opened = evidence_opener(queue->listener),
				*last = acceptor_of(queue->listener);
	const struct member *opener = &audit->members->items[opened->member];
	const struct member *holder = opener;
	uint64_t accepted_ms = MS_UNKNOWN;
	size_t count = 0;

	for (size_t i = 0; i < queue->listener->ref_count; i++)
		if (queue->listener->refs[i].holds) {
			holder = &audit->members->items[queue->listener->refs[i].member];
			break;
		}
	struct socket_row *ripe = arena_array(audit->arena, queue->dead_count, sizeof(*ripe));
	const uint64_t grace = grace_of(audit, holder);
	for (size_t i = 0; i < queue->dead_count; i++) {
		uint64_t ms = dead_ms(&queue->dead[i].kernel);
		/* Without ages it may have ended this moment. */
		if (!grace || (ms != MS_UNKNOWN && ms >= grace))
			row_fill(audit, holder, &queue->dead[i], &ripe[count++]);
	}
	if (!count)
		return;
	struct finding *finding = finding_add(list, RULE_ACCEPT_STARVED);
	finding->sockets = ripe;
	finding->socket_count = finding->count = count;
	finding->class = rules[RULE_ACCEPT_STARVED].class;
	const char *call = ledger_call(opener->ledger, opened->slot->opened_call);
	finding->opened = code_place(code, call ? call : "socket", 0,
				     code_stack(code, opener, opened->slot->opened_stack));
	if (last) {
		const struct member *member = &audit->members->items[last->member];
		call = ledger_call(member->ledger, last->slot->last_receive_call);
		accepted_ms = cycles_to_ms(member->ledger->ns_per_cycle, last->slot->last_receive,
					   member_end(member));
		finding->evidence = code_place(code, call ? call : "accept", 0,
					       code_stack(code, member, ASIDE_STACK(last->slot)));
		finding->last_call = call;
		finding->last_use_ms = accepted_ms;
		finding_fact(list, finding, "last_accept_ms", accepted_ms);
	}
	finding_fact(list, finding, "dead", queue->dead_count);
	finding_fact(list, finding, "queue", queue->length);
	finding_fact(list, finding, "queue_limit", queue->limit);
	finding->cause = cause_text(audit, queue, finding, accepted_ms, false);
	finding->cause_timeless = cause_text(audit, queue, finding, accepted_ms, true);
}

void audit_starved(struct audit *audit, struct code *code, struct finding_list *list)
{
	struct starved_queue *queues;
	size_t count = starved_queues_find(audit, &queues);

	for (size_t i = 0; i < count; i++)
		finding_of_queue(audit, code, list, &queues[i]);
}
