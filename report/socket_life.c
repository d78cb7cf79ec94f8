/* SPDX-License-Identifier: MIT */
/* When a socket's life turned; see socket_life.h. */
#include "socket_life.h"

enum { STATE_LAST_ACK = 9, STATE_CLOSING = 11 };

static bool fin_has_come(const struct socket_kernel *kernel)
{
	return kernel->known &&
	       (kernel->tcp_state == KERNEL_CLOSE_WAIT || kernel->tcp_state == STATE_LAST_ACK ||
		kernel->tcp_state == STATE_CLOSING);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * The kernel keeps no time of the FIN. It carried an ACK, and later ones, answers to keepalive's
 * probes too, renew that age: the FIN is at least as old. It came after the last data, or after the
 * connection was made: it is at most so old.
 */
static void fin_bound(const struct socket_kernel *kernel, struct socket_life *life)
{
	life->fin = fin_has_come(kernel);
	if (!life->fin || !kernel->ages_known)
		return;
	life->fin_least_ms = kernel->last_ack_recv_ms;
	/* The kernel was asked a moment ago. */
	life->fin_most_ms = verdict_later(kernel->last_data_recv_ms, kernel->last_ack_recv_ms) +
			    kernel->slack_ms;
}

static void life_start(const struct socket_kernel *kernel, struct socket_life *life)
{
	*life = (struct socket_life){
		.opened_ms = MS_UNKNOWN,
		.used_ms = MS_UNKNOWN,
		.eof_ms = MS_UNKNOWN,
		.error_ms = MS_UNKNOWN,
		.shutdown_ms = MS_UNKNOWN,
		.closed_ms = MS_UNKNOWN,
		.fin_least_ms = MS_UNKNOWN,
		.fin_most_ms = MS_UNKNOWN,
	};
	if (kernel->known && kernel->tcp_state && kernel->tcp_state < TCP_STATE_COUNT)
		life->tcp_state = tcp_state_names[kernel->tcp_state];
	fin_bound(kernel, life);
}

void socket_life_of_kernel(const struct socket_kernel *kernel, bool ended, struct socket_life *life)
{
	life_start(kernel, life);
	life->ended = ended;
}

void socket_life_fill(const struct audit *audit, const struct audited_socket *socket,
		      const struct judgement *lived, struct socket_life *life)
{
	const struct ledger_slot *slot = &lived->merged;
	const struct ledger *book = audit->members->items[lived->opened->member].ledger;
	uint64_t used = verdict_later(slot->last_receive, slot->last_send);

	life_start(&socket->kernel, life);
	life->ended = !socket->live;
	life->booked = true;
	const struct {
		uint64_t at;
		uint64_t *ms;
	} turns[] = { { slot->opened_at, &life->opened_ms },
		      { used, &life->used_ms },
		      { slot->eof_at, &life->eof_ms },
		      { slot->error_at, &life->error_ms },
		      { slot->shutdown_at, &life->shutdown_ms } };
	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		if (turns[i].at)
			*turns[i].ms = cycles_to_ms(book->ns_per_cycle, turns[i].at, lived->end);
	if (used && lived->last_use)
		life->used_call =
			ledger_call(audit->members->items[lived->last_use->member].ledger,
				    slot->last_send > slot->last_receive ? slot->last_send_call
									 : slot->last_receive_call);
	life->error = slot->error_at ? slot->error_errno : 0;
	/* Who read an EOF met a FIN that was there, unless it was his own shutdown, or a reset. */
	if (slot->eof_at && !(slot->flags & SOCKET_SHUT_READ) && !slot->error_at) {
		life->fin_least_ms = life->fin && life->fin_least_ms != MS_UNKNOWN
					     ? verdict_later(life->fin_least_ms, life->eof_ms)
					     : life->eof_ms;
		life->fin = true;
	}
	if (!life->fin)
		return;
	if (life->fin_least_ms != MS_UNKNOWN && life->fin_most_ms != MS_UNKNOWN)
		life->fin_most_ms = verdict_later(life->fin_most_ms, life->fin_least_ms);
	if (socket->kernel.at && life->fin_most_ms != MS_UNKNOWN)
		life->fin_most_ms +=
			cycles_to_ms(book->ns_per_cycle, socket->kernel.at, lived->end);
	/* And none is older than the connection. */
	life->fin_most_ms = less(life->fin_most_ms, life->opened_ms);
	if (life->fin_most_ms != MS_UNKNOWN && life->fin_least_ms != MS_UNKNOWN)
		life->fin_least_ms = less(life->fin_least_ms, life->fin_most_ms);
}
