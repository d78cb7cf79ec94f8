/* SPDX-License-Identifier: MIT */
/* The live view's share of an analysis; see watch_sockets.h. */
#include "watch_sockets.h"

#include "code.h"
#include "evidence.h"
#include "socket_row.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

/* Ways of a connection that have ended, as far as the kernel tells: the peer's, or ours. */
static bool is_half_closed(const struct audited_socket *socket, const struct ledger_slot *slot)
{
	switch (socket->kernel.known ? socket->kernel.tcp_state : 0) {
	case TCP_CLOSE_WAIT:
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		return true;
	case 0: /* not TCP, or the kernel was not to be asked: what the program saw itself */
		return slot->eof_at != 0;
	}
	return false;
}

/* The descriptor that stands for the socket: one that is open, and of those the one at work. */
static const struct socket_ref *holding(const struct audited_socket *socket)
{
	const struct socket_ref *best = NULL;

	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		uint64_t used = verdict_later(ref->slot->last_receive, ref->slot->last_send);
		if (ref->holds && (!best || used > verdict_later(best->slot->last_receive,
								 best->slot->last_send)))
			best = ref;
	}
	return best;
}

/* A moment of a ledger as one of our clock; 0 for 0, and for another boot's. */
static uint64_t moment(const struct ledger *ledger, uint64_t cycles, uint64_t now_ns)
{
	if (!cycles)
		return 0;
	uint64_t ago = cycles_to_ms(ledger->ns_per_cycle, cycles, ledger_now(ledger)) * 1000000u;
	return ago < now_ns ? now_ns - ago : 1;
}

static void socket_take(struct watch_books *books, const struct audit *audit,
			const struct audited_socket *socket)
{
	const struct socket_ref *opener = evidence_opener(socket), *ref = holding(socket);

	if (!ref || !opener)
		return;
	const struct member *member = &audit->members->items[ref->member];
	const struct ledger_slot *slot = ref->slot;
	const struct socket_kernel *kernel = &socket->kernel;
	const struct member *opened_by = &audit->members->items[opener->member];
	uint32_t code = code_stack(books->code, opened_by, opener->slot->opened_stack);
	books->model.sockets =
		arena_more(audit->arena, books->model.sockets, books->model.socket_count,
			   &books->socket_room, sizeof(*books->model.sockets));
	struct watch_socket *row = &books->model.sockets[books->model.socket_count++];
	bool sent_last = slot->last_send > slot->last_receive;

	*row = (struct watch_socket){
		.site = books_site(books, code),
		.code = code,
		.pid = member->pid,
		.fd = ref->fd,
		.family = family_name(audit->arena, slot->family),
		.half_closed = is_half_closed(socket, slot),
		.recv_q_known = kernel->known && kernel->queues_known && !kernel->listening_queue,
		.recv_q = kernel->recv_q,
		.opened_ns =
			moment(opened_by->ledger, opener->slot->opened_at, books->model.now_ns),
		.used_ns =
			moment(member->ledger, verdict_later(slot->last_receive, slot->last_send),
			       books->model.now_ns),
		.last_call = ledger_call(member->ledger, sent_last ? slot->last_send_call
								   : slot->last_receive_call),
	};
	if (kernel->known && kernel->tcp_state && kernel->tcp_state < TCP_STATE_COUNT)
		row->state = tcp_state_names[kernel->tcp_state];
	if (kernel->addresses_known && kernel->peer_port)
		row->peer = internet_text(audit->arena, kernel->family, kernel->peer,
					  kernel->peer_port, 0);
	else if (!kernel->addresses_known)
		row->peer = address_text(audit->arena, member->ledger, slot->family, &slot->peer);
	struct watch_site *site = &books->model.sites[row->site];
	site->half_closed += row->half_closed;
	site->uncounted++;
	if (row->opened_ns && (!site->oldest_ns || row->opened_ns < site->oldest_ns))
		site->oldest_ns = row->opened_ns;
}

/* What the counters of the same moment say: the rest they don't know, or know too late. */
static void counters_subtract(struct watch_books *books, const struct audit *audit)
{
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		if (!member->ledger || !member->running || member->superseded)
			continue;
		for (uint32_t j = 1; j < member->ledger->stack_count; j++) {
			const struct ledger_stack *stack = &member->ledger->stacks[j];
			if (!stack->opened)
				continue;
			uint32_t site = books_site(books, code_stack(books->code, member, j));
			books->model.sites[site].uncounted -=
				(int64_t)stack->opened - (int64_t)stack->closed;
		}
	}
}

void watch_sockets_take(const struct audit *audit, struct code *code, void *looker)
{
	struct watch_books *books = looker;

	(void)code; /* the books' own */
	for (size_t i = 0; i < books->model.site_count; i++) {
		struct watch_site *site = &books->model.sites[i];
		site->half_closed = site->leaked = site->oldest_ns = 0;
		site->uncounted = 0;
	}
	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		/* While somebody runs, of those who ended nothing is open. */
		if (!socket->elsewhere && (socket->live || !books->model.running))
			socket_take(books, audit, socket);
	}
	if (!books->model.running)
		for (size_t i = 0; i < books->model.site_count; i++)
			books->model.sites[i].counted = 0;
	else
		counters_subtract(books, audit);
	books_live(books);
}

static int by_number(const void *a, const void *b)
{
	const struct watch_socket *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

static void finding_attach(struct watch_books *books, const struct finding *finding)
{
	for (size_t i = 0; i < finding->socket_count; i++) {
		const struct socket_row *found = &finding->sockets[i];
		/* A finding may show the descriptor of another holder. */
		for (size_t j = 0; j <= found->holder_count; j++) {
			struct watch_socket key = {
				.pid = j ? found->holders[j - 1].pid : found->pid,
				.fd = j ? found->holders[j - 1].fd : found->fd
			};
			struct watch_socket *row =
				bsearch(&key, books->model.sockets, books->model.socket_count,
					sizeof(key), by_number);
			if (!row || row->finding)
				continue;
			row->finding = finding;
			books->model.sites[row->site].leaked +=
				rules[finding->rule].severity == SEVERITY_ERROR;
			break;
		}
	}
}

void watch_sockets_judge(struct watch_books *books)
{
	const struct report *report = &books->analysis.report;

	if (!books->model.socket_count)
		return;
	qsort(books->model.sockets, books->model.socket_count, sizeof(*books->model.sockets),
	      by_number);
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = &report->findings[i];
		/* A call on a closed number is no open socket. */
		if (finding->rule != RULE_DOUBLE_CLOSE && finding->rule != RULE_USE_AFTER_CLOSE)
			finding_attach(books, finding);
	}
}
