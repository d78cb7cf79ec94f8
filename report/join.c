/* SPDX-License-Identifier: MIT */
/*
 * Ledger and kernel meet here and nowhere else. A running process's slot counts when its descriptor
 * still is the socket that the slot speaks of; an ended one's by the snapshot that the library took
 * at its exit.
 *
 * Everything changes while we look, so the order is: ledgers, then /proc/PID/fd, then the census
 * (kernel_view.h; ledgers that change no more are read meanwhile); and whoever doesn't fit is
 * looked at once more before anything is said of it.
 */
#include "audit.h"

#include "join_closed.h"
#include "known_cookies.h"
#include "strangers.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A TCP socket that the census doesn't list: closed, or opened a moment too late. */
struct doubt {
	struct audited_socket *socket;
	struct held_socket *held;
	uint32_t member;
	const struct ledger_slot *slot;
};

struct join {
	struct audit *audit;
	struct join_sockets sockets;
	struct socket_index counted; /* inodes of sockets that somebody holds */
	struct doubt *doubts;
	size_t doubt_count, doubt_room;
	struct known_cookies known;
	uint64_t killed, away;
	bool viewed;
};

static struct held_socket *held_find(const struct audited_process *process, int fd)
{
	size_t low = 0, high = process->held_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (process->held[middle].fd == fd)
			return &process->held[middle];
		if (process->held[middle].fd < fd)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct socket_kernel kernel_word(const struct kernel_socket *kernel, uint64_t at)
{
	struct socket_kernel word = {
		.known = true,
		.tcp_state = kernel->state,
		.queues_known = !kernel->queues_unknown,
		.ages_known = kernel->ages_known,
		.keepalive = kernel->keepalive,
		.listening_queue = kernel->listening_queue,
		.recv_q = kernel->recv_q,
		.send_q = kernel->send_q,
		.last_data_sent_ms = kernel->last_data_sent_ms,
		.last_data_recv_ms = kernel->last_data_recv_ms,
		.last_ack_recv_ms = kernel->last_ack_recv_ms,
		.at = at,
		.addresses_known = kernel->family != AF_UNIX,
		.family = kernel->family,
		.local_port = kernel->local_port,
		.peer_port = kernel->peer_port,
		.scope = kernel->scope,
		.interface = kernel->interface,
		.protocol = kernel->protocol,
		.type = kernel->type,
		.unix_name = kernel->name,
	};
	memcpy(word.local, kernel->local, sizeof(word.local));
	memcpy(word.peer, kernel->peer, sizeof(word.peer));
	return word;
}

void kernel_attach(struct audited_socket *socket, const struct kernel_census *census,
		   const struct kernel_socket *kernel, uint64_t at)
{
	socket->kernel = kernel_word(kernel, at);
	socket->kernel.slack_ms =
		(uint32_t)((clock_pair_now().monotonic_ns - census->asked_ns) / 1000000u);
	if (!socket->cookie)
		socket->cookie = kernel->cookie;
}

static bool slot_is_tcp(const struct ledger_slot *slot)
{
	return (slot->family == AF_INET || slot->family == AF_INET6) && slot->type == SOCK_STREAM;
}

/* Whether the descriptor's life is still the one that was copied: else a race, and nothing may be
 * said. */
static bool slot_stands(const struct member *member, int fd, const struct ledger_slot *slot)
{
	struct ledger_slot now;

	return ledger_reread(member->ledger, fd, &now) && now.life == slot->life &&
	       now.cookie == slot->cookie;
}

static void drift_or_race(struct join *join, uint32_t index, const struct ledger_entry *entry)
{
	/* A descriptor whose close() was seen is simply gone. */
	if (LIFE_PHASE(entry->slot.life) == PHASE_OPEN &&
	    slot_stands(&join->audit->members->items[index], entry->fd, &entry->slot))
		join->audit->processes[index].drift++;
}

/*
 * The row of a descriptor. A row without a cookie is of /proc/PID/net/tcp, which lists the paths of
 * an MPTCP socket under its inode.
 */
static const struct kernel_socket *row_of(const struct kernel_census *census,
					  const struct member *member,
					  const struct held_socket *held)
{
	const struct kernel_socket *row = kernel_by_inode(census, held->inode);

	return row && row->state && !row->cookie && !proc_socket_is_tcp(member->pid, held->fd)
		       ? NULL
		       : row;
}

static void slot_join_live(struct join *join, uint32_t index, const struct ledger_entry *entry,
			   const struct audit_census *census)
{
	const struct member *member = &join->audit->members->items[index];
	struct audited_process *process = &join->audit->processes[index];
	const struct ledger_slot *slot = &entry->slot;
	const struct kernel_socket *kernel = NULL;
	struct held_socket *held = held_find(process, entry->fd);

	if (!process->files_known) {
		/* Not ours to see: the cookie alone must do, and without it the ledger's word. */
		kernel = kernel_by_cookie(census->kernel, slot->cookie);
		if (!kernel && LIFE_PHASE(slot->life) != PHASE_OPEN)
			return;
		struct audited_socket *socket =
			socket_of(&join->sockets, index, entry, kernel ? kernel->inode : 0, true);
		if (kernel)
			kernel_attach(socket, census->kernel, kernel, ledger_now(member->ledger));
		return;
	}
	if (!held) {
		drift_or_race(join, index, entry);
		return;
	}
	kernel = row_of(census->kernel, member, held);
	/* Where an end was seen, the library kept the number's inode: what the kernel lists nowhere
	 * can be told from its successor by nothing else. */
	bool replaced = slot->inode && slot->inode != (uint32_t)held->inode;
	/* Inodes are reused, so a match must also agree on the cookie. */
	const struct kernel_socket *elsewhere = kernel_by_cookie(census->kernel, slot->cookie);
	if (replaced ||
	    (kernel && kernel->cookie && slot->cookie && kernel->cookie != slot->cookie) ||
	    (!kernel && elsewhere && elsewhere->inode && elsewhere->inode != held->inode)) {
		drift_or_race(join, index, entry);
		return;
	}
	struct audited_socket *socket = socket_of(&join->sockets, index, entry, held->inode, true);
	held->socket = socket;
	if (kernel) {
		if (!socket->kernel.known)
			kernel_attach(socket, census->kernel, kernel, ledger_now(member->ledger));
		return;
	}
	socket->unlisted =
		!census->failed &&
		(slot_is_tcp(slot) || (slot->family == AF_UNIX && census->kernel->unix_known));
	bool here = !slot->net_ns && (!member->ledger->header.net_ns ||
				      member->ledger->header.net_ns == census->kernel->net_ns);
	/* Its process went elsewhere since, and has no way back that we could take. */
	join->away += slot_is_tcp(slot) && !here && census->kernel->net_ns && !census->failed &&
		      proc_socket_is_tcp(member->pid, entry->fd);
	if (!slot_is_tcp(slot) || !here || census->failed)
		return;
	join->doubts = arena_more(join->audit->arena, join->doubts, join->doubt_count,
				  &join->doubt_room, sizeof(*join->doubts));
	join->doubts[join->doubt_count++] =
		(struct doubt){ .socket = socket, .held = held, .member = index, .slot = slot };
}

/* A second census: who is missing there too, while the descriptor is still the same socket, is in
 * CLOSE. */
static void doubts_settle(struct join *join)
{
	struct members *members = join->audit->members;

	if (!join->doubt_count)
		return;
	join->audit->census_count = 0;
	for (size_t i = 0; i < join->doubt_count; i++) {
		struct doubt *doubt = &join->doubts[i];
		const struct member *member = &members->items[doubt->member];
		const struct audit_census *census = audit_census_of(join->audit, member);
		const struct kernel_socket *kernel = row_of(census->kernel, member, doubt->held);
		if (doubt->socket->kernel.known || census->failed)
			continue;
		if (kernel && (!kernel->cookie || !doubt->slot->cookie ||
			       kernel->cookie == doubt->slot->cookie)) {
			kernel_attach(doubt->socket, census->kernel, kernel,
				      ledger_now(member->ledger));
			doubt->held->tcp_state = kernel->state;
			continue;
		}
		if (kernel ||
		    proc_socket_inode(member->pid, doubt->held->fd) != doubt->held->inode ||
		    !proc_socket_is_tcp(member->pid, doubt->held->fd) ||
		    !slot_stands(member, doubt->held->fd, doubt->slot))
			continue;
		doubt->socket->kernel = (struct socket_kernel){ .known = true,
								.tcp_state = KERNEL_CLOSE,
								.at = ledger_now(member->ledger) };
		doubt->held->tcp_state = KERNEL_CLOSE;
	}
}

static void process_files(struct join *join, uint32_t index)
{
	const struct member *member = &join->audit->members->items[index];
	struct audited_process *process = &join->audit->processes[index];
	const struct kernel_view *view = &join->audit->view;
	const struct kernel_view_process *seen =
		index < view->process_count ? &view->processes[index] : NULL;

	if (!seen || !seen->asked)
		return;
	if (seen->error) {
		audit_remark(join->audit, arena_printf(join->audit->arena,
						       "the descriptors of process %" PRIu32
						       " can't be listed (%s): no balance",
						       member->pid, strerror(-seen->error)));
		return;
	}
	const struct proc_files *files = &seen->files;
	process->files_known = true;
	process->open_files = files->open;
	process->held_count = files->socket_count;
	process->held =
		arena_array(join->audit->arena, files->socket_count + 1, sizeof(*process->held));
	process->io_uring = files->io_uring;
	for (size_t i = 0; i < files->socket_count; i++)
		process->held[i] = (struct held_socket){ .fd = files->sockets[i].fd,
							 .inode = files->sockets[i].inode };
}

/* Waits for what the kernel shows of the members. */
static void view_take(struct join *join)
{
	struct audit *audit = join->audit;
	struct members *members = audit->members;

	if (join->viewed)
		return;
	join->viewed = true;
	if (!members->question)
		members->question = kernel_view_begin(members);
	kernel_view_end(members->question, audit->arena, &audit->view);
	members->question = NULL;
	for (uint32_t i = 0; i < members->count; i++)
		if (member_is_live(&members->items[i]))
			process_files(join, i);
}

static void slots_join(struct join *join)
{
	struct members *members = join->audit->members;

	for (uint32_t i = 0; i < members->count; i++) {
		const struct member *member = &members->items[i];
		if (!member->ledger || member->witness || member->superseded)
			continue;
		if (!member_is_live(member)) {
			join->killed += member->ledger->header.state == LEDGER_RUNNING &&
					!member->unseen && !join->audit->samples;
			if (member->unseen)
				audit_remark(
					join->audit,
					arena_printf(join->audit->arena,
						     "process %" PRIu32
						     " is hidden from us (another pid namespace, "
						     "or hidepid=): whether it runs, and the "
						     "kernel's states of its sockets, can't be "
						     "seen from here",
						     member->pid));
			ended_join(&join->sockets, i);
			continue;
		}
		view_take(join);
		const struct audit_census *census = audit_census_of(join->audit, member);
		for (size_t j = 0; j < member->ledger->slot_count; j++)
			if (LIFE_PHASE(member->ledger->slots[j].slot.life) != PHASE_GONE)
				slot_join_live(join, i, &member->ledger->slots[j], census);
	}
}

static void closed_elsewhere_find(struct join *join)
{
	const struct kernel_census **censuses =
		arena_array(join->audit->arena, join->audit->census_count + 1,
			    sizeof(const struct kernel_census *));

	for (size_t i = 0; i < join->audit->census_count; i++)
		censuses[i] = join->audit->censuses[i].kernel;
	closed_find(&join->sockets, censuses, join->audit->census_count);
}

static bool shuts_reading(const struct audited_socket *socket)
{
	for (size_t i = 0; i < socket->ref_count; i++)
		if (socket->refs[i].slot->flags & SOCKET_SHUT_READ)
			return true;
	return false;
}

/* Every descriptor in the family that is one of the audited sockets, and what nobody can account
 * for. */
static void held_join(struct join *join, uint32_t index)
{
	struct audit *audit = join->audit;
	const struct member *member = &audit->members->items[index];
	struct audited_process *process = &audit->processes[index];
	const struct audit_census *census =
		process->held_count ? audit_census_of(join->audit, member) : NULL;
	struct socket_index seen = { .entries = NULL };
	static struct audited_socket unknown; /* whatever it is: only its being there counts */

	index_reserve(&seen, process->held_count);
	index_reserve(&join->counted, join->counted.count + process->held_count);
	process->unix_known = !census || (!census->failed && census->kernel->unix_known);
	for (size_t i = 0; i < process->held_count; i++) {
		struct held_socket *held = &process->held[i];
		struct ledger_slot slot;
		const struct kernel_socket *kernel = row_of(census->kernel, member, held);
		if (!held->socket)
			held->socket =
				index_find(&audit->inodes, held->inode, join->sockets.this_boot);
		/* The state that the finding is judged by, so that the sums agree. */
		if (held->socket && held->socket->kernel.known)
			held->tcp_state = held->socket->kernel.tcp_state;
		else if (kernel)
			held->tcp_state = kernel->state;
		held->first = !index_find(&seen, held->inode, 0);
		if (held->first)
			index_add(&seen, held->inode, 0, &unknown);
		held->first_of_all = !index_find(&join->counted, held->inode, 0);
		if (held->first_of_all)
			index_add(&join->counted, held->inode, 0, &unknown);
		if (held->socket)
			holder_add(&join->sockets, held->socket, member, held->fd);
		if (kernel) {
			held->cookie = kernel->cookie;
			held->local_port = kernel->local_port;
		}
		if (kernel && member->unaudited && kernel->state == KERNEL_CLOSE_WAIT) {
			held->kernel = arena_alloc(audit->arena, sizeof(*held->kernel));
			*held->kernel = kernel_word(kernel, 0);
		}
		/* Opened, or written down, since the ledger was copied. */
		bool written = member->ledger && !ledger_slot_of(member->ledger, held->fd) &&
			       ledger_reread(member->ledger, held->fd, &slot) &&
			       LIFE_PHASE(slot.life) == PHASE_OPEN &&
			       (!kernel || !slot.cookie || kernel->cookie == slot.cookie);
		/* Gone again, or another one: the race explains it. */
		held->peer_gone =
			held->socket && kernel && kernel->peer_gone && !shuts_reading(held->socket);
		held->known_elsewhere = !held->socket && kernel &&
					cookie_is_known(&join->known, audit, kernel->cookie);
		held->is_stranger = !held->socket && !written && !held->known_elsewhere &&
				    proc_socket_inode(member->pid, held->fd) == held->inode;
	}
	strangers_explain(audit, index);
	index_free(&seen);
}

/* As many sockets as there may be, so that nothing outgrows its place; and the boots they are of.
 */
static void room_make(struct audit *audit)
{
	size_t most = 0;

	for (size_t i = 0; i < audit->members->count; i++) {
		const struct member *member = &audit->members->items[i];
		if (!member->ledger)
			continue;
		audit->processes[i].boot = index_boot(member->ledger->header.boot_id);
		for (size_t j = 0; j < member->ledger->slot_count; j++)
			most += !member->witness && !member->superseded &&
				LIFE_PHASE(member->ledger->slots[j].slot.life) != PHASE_GONE;
	}
	index_reserve(&audit->cookies, most);
	audit->socket_room = most;
	audit->sockets = arena_array(audit->arena, most, sizeof(struct audited_socket *));
}

static void sockets_finish(struct audit *audit)
{
	for (size_t i = 0; i < audit->socket_count; i++) {
		struct audited_socket *socket = audit->sockets[i];
		socket->elsewhere &= !socket->holder_count;
		/* It may be the kernel that told it. */
		if (socket->live && socket->cookie)
			index_add(&audit->cookies, socket->cookie, socket->boot, socket);
	}
}

int audit_join(struct arena *arena, struct members *members, const struct samples *samples,
	       const struct marks *marks, struct audit *audit)
{
	struct join join = {
		.audit = audit,
		.sockets = { .audit = audit },
	};

	*audit = (struct audit){
		.arena = arena, .members = members, .samples = samples, .marks = marks
	};
	audit->processes = arena_array(arena, members->count + 1, sizeof(*audit->processes));
	join.sockets.this_boot = index_boot(proc_boot_id(arena));
	room_make(audit);
	slots_join(&join);
	view_take(&join);
	doubts_settle(&join);
	closed_elsewhere_find(&join);
	witnesses_join(&join.sockets);
	closed_join(&join.sockets);
	for (uint32_t i = 0; i < members->count; i++)
		if (member_is_live(&members->items[i]))
			held_join(&join, i);
	sockets_finish(audit);
	unlisted_holders_add(&join.sockets);
	if (join.killed)
		audit_remark(
			audit,
			arena_printf(arena,
				     "%" PRIu64
				     " process%s killed: the kernel's states at the end are not "
				     "known, so fin-unread can't be told",
				     join.killed, join.killed > 1 ? "es were" : " was"));
	if (join.away)
		audit_remark(audit,
			     arena_printf(arena,
					  "%" PRIu64
					  " sockets are not of the network namespace that their "
					  "process is in now: the kernel's states of these are not "
					  "known, so fin-unread can't be told",
					  join.away));
	index_free(&join.counted);
	known_cookies_free(&join.known);
	return 0;
}
