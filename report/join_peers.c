/* SPDX-License-Identifier: MIT */
/* Both ends of a conversation; see join_peers.h. */
#include "join_peers.h"

#include "evidence.h"
#include "join_closed.h"
#include "join_past.h"
#include "kernel_pairs.h"
#include "owners.h"
#include "socket_life.h"
#include "socket_row.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STATE_ESTABLISHED = 1, STATE_SYN_RECV = 3, STATE_NEW_SYN_RECV = 12 };

struct peers {
	struct audit *audit;
	struct code *code;
	struct kernel_pairs *pairs;
	struct past_ends *past;
	uint64_t this_boot;
	uint64_t asked_ns; /* CLOCK_MONOTONIC when the first of the censuses was taken */
	const struct kernel_census **censuses;
	struct arena arena; /* the thread's alone, until it has ended */
	pthread_t thread;
	bool started, gathered;
};

static void *gather(void *data)
{
	struct peers *peers = data;
	struct audit *audit = peers->audit;

	peers->pairs = kernel_pairs_new(&peers->arena, peers->censuses, audit->census_count);
	peers->past = past_ends_new(audit, &peers->arena);
	/* Nobody is asked about where nobody runs. */
	if (audit->inodes.count)
		audit_owners_look(audit, &peers->arena);
	return NULL;
}

struct peers *peers_begin(struct audit *audit, struct code *code)
{
	struct arena *arena = audit->arena;
	struct peers *peers = arena_alloc(arena, sizeof(*peers));

	peers->audit = audit;
	peers->code = code;
	peers->asked_ns = clock_pair_now().monotonic_ns;
	peers->censuses =
		arena_array(arena, audit->census_count + 1, sizeof(const struct kernel_census *));
	for (size_t i = 0; i < audit->census_count; i++) {
		peers->censuses[i] = audit->censuses[i].kernel;
		if (peers->censuses[i]->asked_ns < peers->asked_ns)
			peers->asked_ns = peers->censuses[i]->asked_ns;
	}
	peers->this_boot = index_boot(proc_boot_id(arena));
	/* Where no thread is to be had, peers_wait() gathers. */
	peers->started = !pthread_create(&peers->thread, NULL, gather, peers);
	return peers;
}

void peers_wait(struct peers *peers)
{
	if (peers->gathered)
		return;
	peers->gathered = true;
	if (peers->started)
		pthread_join(peers->thread, NULL);
	else
		gather(peers);
	arena_take(peers->audit->arena, &peers->arena);
}

void peers_free(struct peers *peers)
{
	peers_wait(peers);
	kernel_pairs_free(peers->pairs);
	past_ends_free(peers->past);
}

/* The kernel's word now, which it gave when it was asked. */
static struct socket_kernel word_of(const struct peers *peers, const struct kernel_socket *kernel)
{
	struct socket_kernel word = kernel_word(kernel, 0);

	word.slack_ms = (uint32_t)((clock_pair_now().monotonic_ns - peers->asked_ns) / 1000000u);
	return word;
}

bool peers_kernel_word(const struct peers *peers, uint64_t inode, struct socket_kernel *word)
{
	const struct kernel_census *census;
	const struct kernel_socket *kernel =
		inode ? kernel_pairs_by_inode(peers->pairs, inode, &census) : NULL;

	if (kernel)
		*word = word_of(peers, kernel);
	return kernel != NULL;
}

struct place peers_opened(struct peers *peers, const struct judgement *lived)
{
	const struct socket_ref *opened = lived->opened;

	return code_place(peers->code, evidence_opened_call(peers->audit, opened), 0,
			  code_stack(peers->code, &peers->audit->members->items[opened->member],
				     opened->slot->opened_stack));
}

struct place peers_closed(struct peers *peers, const struct judgement *lived)
{
	const struct socket_ref *closed = lived->closed;

	if (!closed)
		return (struct place){ .call = NULL };
	const struct member *member = &peers->audit->members->items[closed->member];
	return code_place(peers->code, ledger_call(member->ledger, closed->slot->closed_call), 0,
			  code_stack(peers->code, member, closed->slot->closed_stack));
}

static void holder_take(struct arena *arena, struct holder **holders, size_t *count,
			const struct holder *holder)
{
	for (size_t i = 0; i < *count; i++)
		if ((*holders)[i].pid == holder->pid && (*holders)[i].fd == holder->fd)
			return;
	/* Few; and the array may be one that others read. */
	struct holder *longer = arena_array(arena, *count + 1, sizeof(*longer));
	if (*count)
		memcpy(longer, *holders, *count * sizeof(*longer));
	longer[(*count)++] = *holder;
	*holders = longer;
}

/* Whoever has it by /proc, member or not; we ourselves only pass by. */
static void owners_add(struct peers *peers, uint64_t inode, struct holder **holders, size_t *count)
{
	if (!inode)
		return;
	for (const struct owner *owner = audit_owner_of(peers->audit, inode); owner;
	     owner = owner->next) {
		struct holder holder = { .pid = owner->pid, .comm = owner->comm, .fd = owner->fd };
		if (owner->pid != (uint32_t)getpid())
			holder_take(peers->audit->arena, holders, count, &holder);
	}
}

static void holder_show(struct peer_process *peer)
{
	if (!peer->holder_count)
		return;
	peer->pid = peer->holders[0].pid;
	peer->comm = peer->holders[0].comm;
	peer->fd = peer->holders[0].fd;
}

static struct peer_process *peer_new(struct peers *peers)
{
	struct peer_process *peer = arena_alloc(peers->audit->arena, sizeof(*peer));
	const struct socket_kernel nothing = { .known = false };

	peer->fd = -1;
	socket_life_of_kernel(&nothing, false, &peer->life);
	return peer;
}

/* The other end is in the books, and open or kept to the end. */
static struct peer_process *peer_of_audited(struct peers *peers, struct audited_socket *socket)
{
	struct peer_process *peer = peer_new(peers);
	struct judgement own;
	const struct judgement *lived = socket_lived(peers->audit, socket, &own);

	if (lived) {
		peer->opened = peers_opened(peers, lived);
		socket_life_fill(peers->audit, socket, lived, &peer->life);
		peer->tcp_state = peer->life.tcp_state;
	}
	if (socket->live)
		owners_add(peers, socket->inode, &socket->holders, &socket->holder_count);
	else
		peer->note = "which has ended since, with it open";
	peer->holders = socket->holders;
	peer->holder_count = socket->holder_count;
	holder_show(peer);
	return peer;
}

/* It was closed, and the ledger of who did it says where. */
static struct peer_process *peer_of_past(struct peers *peers, const struct past *past)
{
	const struct past *last = NULL;
	struct peer_process *peer = peer_new(peers);

	for (; past; past = past->next) {
		const struct ledger_slot *slot = &past->entry->slot;
		if (LIFE_PHASE(slot->life) == PHASE_GONE && slot->closed_call && slot->closed_at &&
		    (!last || slot->closed_at > last->entry->slot.closed_at))
			last = past;
	}
	if (!last)
		return peer;
	const struct ledger_slot *slot = &last->entry->slot;
	const struct ledger *ledger = last->member->ledger;
	struct socket_ref ref = { .member = (uint32_t)(last->member - peers->audit->members->items),
				  .slot = slot };
	uint64_t now = ledger_now(ledger),
		 used = verdict_later(slot->last_receive, slot->last_send);
	/* "Ago" is before the end where nobody runs any more. */
	if (!last->member->running)
		now = verdict_later(slot->closed_at, ledger_youngest(ledger));
	peer->pid = last->member->pid;
	peer->comm = last->member->comm;
	peer->fd = last->entry->fd;
	peer->opened = code_place(peers->code, evidence_opened_call(peers->audit, &ref), 0,
				  code_stack(peers->code, last->member, slot->opened_stack));
	peer->closed = code_place(peers->code, ledger_call(ledger, slot->closed_call), 0,
				  code_stack(peers->code, last->member, slot->closed_stack));
	peer->life.booked = true;
	peer->life.ended = !last->member->running;
	peer->life.closed_ms = cycles_to_ms(ledger->ns_per_cycle, slot->closed_at, now);
	peer->life.opened_ms = cycles_to_ms(ledger->ns_per_cycle, slot->opened_at, now);
	if (used) {
		peer->life.used_ms = cycles_to_ms(ledger->ns_per_cycle, used, now);
		peer->life.used_call = ledger_call(ledger, slot->last_send > slot->last_receive
								   ? slot->last_send_call
								   : slot->last_receive_call);
	}
	return peer;
}

/* Why the kernel's row has no descriptor. */
static const char *note_of(struct peers *peers, const struct kernel_socket *kernel)
{
	const struct kernel_socket *listener = kernel_queue_of(peers->pairs, kernel);
	struct socket_kernel word;

	if (kernel->state == STATE_SYN_RECV || kernel->state == STATE_NEW_SYN_RECV)
		return "its handshake is under way";
	if (kernel->state != STATE_ESTABLISHED && kernel->state != KERNEL_CLOSE_WAIT)
		return "closed by its process, the kernel ends it";
	if (!listener)
		return "no process has it";
	word = kernel_word(listener, 0);
	return arena_printf(peers->audit->arena, "in the accept queue of %s, no process has it yet",
			    kernel_local_text(peers->audit->arena, &word));
}

static const char *unowned_note(const struct peers *peers)
{
	return audit_owners(peers->audit)->refused ? "held by a process that is not ours to see"
						   : "no process that /proc shows has it";
}

static struct peer_process *peer_of_kernel(struct peers *peers, const struct kernel_socket *kernel)
{
	/* Without a descriptor: perhaps one of a program that has ended with it open. */
	struct audited_socket *socket =
		kernel->inode ? index_find(&peers->audit->inodes, kernel->inode, peers->this_boot)
		: kernel->cookie
			? index_find(&peers->audit->cookies, kernel->cookie, peers->this_boot)
			: NULL;
	const struct past *past = NULL;
	struct socket_kernel word = word_of(peers, kernel);
	struct peer_process *peer;

	if (socket && !kernel->inode && socket->live)
		socket = NULL; /* closed this very moment */
	if (!socket && !kernel->inode)
		past = past_of_cookie(peers->past, kernel->cookie, peers->this_boot);
	if (socket) {
		peer = peer_of_audited(peers, socket);
	} else {
		peer = past ? peer_of_past(peers, past) : peer_new(peers);
		owners_add(peers, kernel->inode, &peer->holders, &peer->holder_count);
		holder_show(peer);
	}
	struct socket_life of_kernel;
	socket_life_of_kernel(&word, false, &of_kernel);
	peer->tcp_state = of_kernel.tcp_state;
	if (!peer->life.booked)
		peer->life = of_kernel;
	peer->life.tcp_state = of_kernel.tcp_state;
	if (!socket && !peer->holder_count)
		peer->note = kernel->inode ? unowned_note(peers) : note_of(peers, kernel);
	return peer;
}

/* By the ledgers alone, since the kernel has forgotten the other end, or nobody runs any more. */
static struct peer_process *peer_of_books(struct peers *peers, const struct audited_socket *socket)
{
	struct judgement own;
	const struct judgement *lived = socket_lived(peers->audit, socket, &own);
	struct ledger_slot merged;

	if (!lived)
		return NULL;
	merged = lived->merged;
	/* Of a connector the kernel knows the address that it was given. */
	if (socket->kernel.addresses_known && socket->kernel.family == merged.family) {
		merged.local.known = merged.peer.known = 1;
		memcpy(merged.local.ip, socket->kernel.local, 16);
		memcpy(merged.peer.ip, socket->kernel.peer, 16);
		merged.local.port = socket->kernel.local_port;
		merged.peer.port = socket->kernel.peer_port;
	}
	const struct past *past =
		past_other_end(peers->past, &peers->audit->members->items[lived->opened->member],
			       &merged, lived->end);
	if (!past)
		return NULL;
	struct audited_socket *other =
		index_find(&peers->audit->cookies, past->entry->slot.cookie, socket->boot);
	/* What is still held by somebody who runs, the kernel knows. */
	struct peer_process *peer;
	if (other && (other->live || other->holder_count)) {
		peer = peer_of_audited(peers, other);
		if (!socket->live)
			peer->note = NULL; /* so have all */
		return peer;
	}
	peer = peer_of_past(peers, past);
	if (!peer->pid)
		return NULL;
	peer->note = "closed by its process";
	return peer;
}

static bool is_loopback(const struct socket_kernel *kernel)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *peer = kernel->peer;

	if (!kernel->addresses_known || !kernel->peer_port)
		return false;
	if (kernel->family == AF_INET)
		return peer[0] == 127;
	return (!memcmp(peer, mapped, 12) && peer[12] == 127) ||
	       !memcmp(peer, &in6addr_loopback, 16);
}

/* The kernel lists no other end. */
static struct peer_process *peer_gone(struct peers *peers, const struct audited_socket *socket,
				      const struct socket_kernel *word, bool unix_end)
{
	struct peer_process *peer = socket ? peer_of_books(peers, socket) : NULL;

	/* An ESTABLISHED one may have another address there: the kernel can redirect. */
	if (peer || !(unix_end || (is_loopback(word) && word->tcp_state == KERNEL_CLOSE_WAIT)))
		return peer;
	peer = peer_new(peers);
	peer->note = unix_end ? "closed, or not accepted yet" : "the kernel lists no other end";
	return peer;
}

void peers_tell(struct peers *peers, struct socket_row *row)
{
	/* The row is read as const by everybody else; its socket is this audit's own. */
	struct audited_socket *socket = (struct audited_socket *)row->book;
	const struct kernel_census *census = NULL;
	const struct kernel_socket *kernel = NULL;
	bool live = socket ? socket->live : row->inode != 0;

	if (live && row->inode) {
		kernel = kernel_pairs_by_inode(peers->pairs, row->inode, &census);
		if (socket) {
			owners_add(peers, row->inode, &socket->holders, &socket->holder_count);
			row->holders = socket->holders;
			row->holder_count = socket->holder_count;
		} else {
			owners_add(peers, row->inode, &row->holders, &row->holder_count);
		}
	}
	if (!kernel) {
		row->peer_process = socket ? peer_of_books(peers, socket) : NULL;
		return;
	}
	const struct kernel_socket *other = kernel_other_end(peers->pairs, census, kernel);
	struct socket_kernel word = kernel_word(kernel, 0);
	row->peer_process = other ? peer_of_kernel(peers, other)
				  : peer_gone(peers, socket, &word,
					      kernel->family == AF_UNIX && kernel->peer_told);
	/* AF_UNIX has names at either end. */
	if (other && kernel->family == AF_UNIX && !row->peer)
		row->peer = other->name;
}
