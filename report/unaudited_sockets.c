/* SPDX-License-Identifier: MIT */
/*
 * What the kernel alone knows of the sockets of a process that has no auditor: no line of code, but
 * how many there are in which state, and which ones wait for a close().
 */
#include "unaudited_sockets.h"

#include "socket_row.h"

/*
 * The kernel keeps no time of the FIN. It carried an ACK, and later ones renew that age: the FIN is
 * at least as old. It came after the last data, or after the connection was made: it is at most so
 * old. Ticks are rounded either way.
 */
static void age_fill(const struct socket_kernel *kernel, struct unaudited_socket *socket)
{
	socket->least_ms = socket->most_ms = MS_UNKNOWN;
	if (!kernel->ages_known)
		return;
	socket->least_ms = kernel->last_ack_recv_ms;
	socket->most_ms = verdict_later(kernel->last_data_recv_ms, socket->least_ms);
}

static void socket_fill(const struct audit *audit, const struct held_socket *held,
			struct unaudited_socket *socket)
{
	const struct socket_kernel *kernel = held->kernel;

	*socket = (struct unaudited_socket){
		.fd = held->fd,
		.inode = held->inode,
		.local = kernel_local_text(audit->arena, kernel),
		.peer = kernel_peer_text(audit->arena, kernel),
		.recv_q = kernel->recv_q,
		.send_q = kernel->send_q,
	};
	age_fill(kernel, socket);
}

void unaudited_sockets_fill(const struct audit *audit, size_t member, struct process *process)
{
	const struct audited_process *audited = &audit->processes[member];
	size_t count = 0;

	process->unaudited_sockets = arena_array(audit->arena, audited->held_count + 1,
						 sizeof(*process->unaudited_sockets));
	for (size_t i = 0; i < audited->held_count; i++) {
		const struct held_socket *held = &audited->held[i];
		if (!held->first)
			continue;
		if (held->tcp_state && held->tcp_state < TCP_STATE_COUNT)
			process->states[held->tcp_state]++;
		if (held->kernel && !held->socket)
			socket_fill(audit, held, &process->unaudited_sockets[count++]);
	}
	process->unaudited_socket_count = count;
}
