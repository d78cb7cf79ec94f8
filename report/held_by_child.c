/* SPDX-License-Identifier: MIT */
/*
 * Sockets that a process closed and that live on in its children; see held_by_child.h. Fork per
 * connection, inetd, and a child that works with what it was given are as it should be: so a child
 * counts only if nothing shows that it ever used the socket, and the parent's close only if it
 * meant the end of the conversation.
 */
#include "held_by_child.h"

#include "classify.h"
#include "evidence.h"
#include "fork_time.h"

/* A process that closed the socket, all its descriptors of it together. */
struct closer {
	const struct member *member;
	const struct socket_ref *closed; /* the latest */
	uint64_t opened_at;		 /* 0: it was there before, by fork or exec */
	uint64_t used_at;
	bool saw_end; /* EOF or an error that ends it */
};

static bool same_process(const struct member *member, uint32_t pid, uint64_t start_ticks)
{
	return member->pid == pid && member->start_ticks == start_ticks;
}

static const struct member *member_of(const struct heirs *search, const struct socket_ref *ref)
{
	return &search->audit->members->items[ref->member];
}

static bool is_close(const struct socket_ref *ref)
{
	return !ref->holds && LIFE_PHASE(ref->slot->life) == PHASE_GONE && ref->slot->closed_call;
}

/* Anything that the program did with it, or asked about it. */
static bool is_used(const struct ledger_slot *slot)
{
	return slot->last_receive || slot->last_send || slot->eof_at || slot->error_at ||
	       slot->shutdown_at || slot->told_at || slot->epoll_fd ||
	       (slot->flags & SOCKET_TOUCHED);
}

static struct closer closer_of(const struct heirs *search, const struct audited_socket *socket,
			       const struct member *member)
{
	struct closer closer = { .member = member, .opened_at = UINT64_MAX };

	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		const struct ledger_slot *slot = ref->slot;
		bool was_there = slot->origin == ORIGIN_INHERITED || slot->origin == ORIGIN_ADOPTED;
		if (!is_close(ref) ||
		    !same_process(member_of(search, ref), member->pid, member->start_ticks))
			continue;
		if (!closer.closed || slot->closed_at > closer.closed->slot->closed_at)
			closer.closed = ref;
		if (was_there || slot->opened_at < closer.opened_at)
			closer.opened_at = was_there ? 0 : slot->opened_at;
		closer.used_at = verdict_later(closer.used_at, slot->last_receive);
		closer.used_at = verdict_later(closer.used_at, slot->last_send);
		closer.saw_end |= slot->eof_at || slot->error_at;
	}
	return closer;
}

/* Whether one who holds it has it by inheritance alone. False too for standard streams: somebody
 * put it there. */
static bool is_idle(const struct heirs *search, const struct audited_socket *socket,
		    const struct heir *heir)
{
	if (heir->fd >= 0 && heir->fd <= 2)
		return false;
	if (heir->slot && heir->slot->origin != ORIGIN_INHERITED &&
	    !(heir->slot->flags & SOCKET_INHERITED))
		return false;
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		if (same_process(member_of(search, ref), heir->pid, heir->start_ticks) &&
		    (is_used(ref->slot) || is_close(ref)))
			return false;
	}
	return true;
}

/* Whoever ended before the close kept nothing open by it. Sorts the others to the front; how many
 * they are. */
static size_t outlived_by(const struct closer *closer, struct heir *heirs, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct heir heir = heirs[i];
		bool running = !heir.member || (heir.member->running && !heir.member->superseded);
		if (!running && member_end(heir.member) <= closer->closed->slot->closed_at)
			continue;
		heirs[i] = heirs[kept];
		heirs[kept++] = heir;
	}
	return kept;
}

/* The latest moment at which one of the heirs can have been made; false: one is no heir of this
 * one's. */
static bool inherited_from(const struct heirs *search, const struct closer *closer,
			   const struct heir *heirs, size_t count, uint64_t *latest,
			   struct fork_time *first)
{
	*latest = 0;
	for (size_t i = 0; i < count; i++) {
		const struct heir *heir = &heirs[i];
		struct descent branch = { heir->pid, heir->ppid, heir->start_ticks };
		bool below = family_branch(&search->family, &branch, closer->member->pid,
					   closer->member->start_ticks);
		struct fork_time made = fork_time_of(search, closer->member, below ? &branch : NULL,
						     heir, closer->closed->slot->closed_at);
		if (same_process(closer->member, heir->pid, heir->start_ticks))
			return false;
		/* A daemon belongs to init; that it came by inheritance shows in the number. */
		if (!below && (heir->fd != closer->closed->fd || heir->uid != closer->member->uid ||
			       !made.latest))
			return false;
		/* One that was made before the socket was got it in another way. A slot that says
		 * "inherited" knows. */
		if (made.latest && (!heir->slot || !below) &&
		    (made.latest < closer->opened_at ||
		     made.earliest > closer->closed->slot->closed_at))
			return false;
		*latest = verdict_later(*latest, made.latest ? made.latest : UINT64_MAX);
		if (!i)
			*first = made;
	}
	return true;
}

static void lives_merge(const struct heirs *search, const struct audited_socket *socket,
			const struct closer *closer, struct judgement *judgement)
{
	const struct socket_ref *opened = evidence_opener(socket);
	struct evidence evidence;

	/* The slot of an heir knows only what its parent told it. */
	if (opened->holds)
		opened = closer->closed;
	judgement->merged = *opened->slot;
	evidence_start(&judgement->merged, &evidence);
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		evidence_of_origin(&judgement->merged, &evidence, ref);
		if (same_process(member_of(search, ref), closer->member->pid,
				 closer->member->start_ticks))
			evidence_of_life(&judgement->merged, &evidence, ref);
	}
	judgement->opened = opened;
	judgement->connected = evidence.connect;
	judgement->last_use = evidence.used;
	judgement->closed = closer->closed;
}

/* Whether the close meant the end, for who did it: then since when. */
static bool meant_the_end(const struct audited_socket *socket, const struct closer *closer,
			  bool used_after, bool unaudited, struct judgement *judgement)
{
	const struct ledger_slot *merged = &judgement->merged;
	struct verdict_kernel word = evidence_of_kernel(&socket->kernel);
	double rate = closer->member->ledger->ns_per_cycle;
	uint64_t closed_at = closer->closed->slot->closed_at, since = closed_at;
	bool connected = (merged->flags & SOCKET_CONNECTED) || closer->used_at ||
			 word.tcp_state == KERNEL_CLOSE_WAIT;
	bool kernel_says = connected &&
			   (word.tcp_state == KERNEL_CLOSE_WAIT || word.tcp_state == KERNEL_CLOSE);

	if (!used_after && !closer->saw_end && !kernel_says)
		return false;
	/* Handed over untouched to a program that nobody watches: what that does with it is its own
	 * affair. */
	if (!used_after && unaudited && !closer->used_at)
		return false;
	if (verdict_works_since(&word, closed_at, !used_after, rate))
		return false;
	if (!used_after && !closer->saw_end)
		since = verdict_later(closed_at, verdict_fin_since(merged, &word, rate));
	judgement->verdict = (struct verdict){
		.rule = VERDICT_HELD_BY_CHILD,
		.since = since,
		.since_at_least = since > closed_at,
		/* A request that was read, and a child that may be making the answer; or a peer
		 * that waits for no FIN, as it went first, and a child that may be saving the data.
		 */
		.working = (!used_after && !(merged->flags & SOCKET_CONNECTOR) &&
			    merged->last_receive > merged->last_send) ||
			   closer->saw_end,
	};
	return true;
}

static bool is_conversation(const struct audited_socket *socket)
{
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct ledger_slot *slot = socket->refs[i].slot;
		if ((slot->flags & (SOCKET_LISTENING | SOCKET_IGNORED)) ||
		    (slot->type != VERDICT_SOCK_STREAM && slot->type != VERDICT_SOCK_SEQPACKET))
			return false;
	}
	return socket->ref_count && !socket->kernel.listening_queue;
}

/* The rules of the one who lives, or of the heir that ended last. */
static void debtor_choose(const struct audited_socket *socket, const struct closer *closer,
			  const struct heir *heirs, size_t count, struct judgement *judgement,
			  const struct member **debtor)
{
	*debtor = closer->member;
	judgement->end = ledger_now(closer->member->ledger);
	for (size_t i = 0; !socket->live && i < count; i++) {
		uint64_t end = member_end(heirs[i].member);
		if (!i || end > judgement->end) {
			*debtor = heirs[i].member;
			judgement->end = end;
		}
	}
}

bool held_by_child_judge(struct heirs *search, struct audited_socket *socket,
			 struct judgement *judgement, const struct member **debtor)
{
	struct heir *heirs = NULL;
	size_t count = 0;
	bool closed = false, unaudited = false;

	for (size_t i = 0; i < socket->ref_count && !closed; i++)
		closed = is_close(&socket->refs[i]);
	if (!closed || !is_conversation(socket))
		return false;
	heirs = heirs_find(search, socket, &count);
	for (size_t i = 0; i < count; i++) {
		if (!is_idle(search, socket, &heirs[i]))
			return false;
		unaudited |= heirs[i].unaudited;
	}
	for (size_t i = 0; i < socket->ref_count && count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		struct fork_time made;
		uint64_t latest;
		if (!is_close(ref))
			continue;
		struct closer closer = closer_of(search, socket, member_of(search, ref));
		if (closer.closed != ref)
			continue;
		size_t kept = outlived_by(&closer, heirs, count);
		if (!kept || !inherited_from(search, &closer, heirs, kept, &latest, &made))
			continue;
		bool used_after = closer.used_at > latest;
		lives_merge(search, socket, &closer, judgement);
		if (!meant_the_end(socket, &closer, used_after, unaudited, judgement))
			continue;
		struct held_by_child *held = arena_alloc(search->audit->arena, sizeof(*held));
		*held = (struct held_by_child){
			.child = { .pid = heirs[0].pid, .comm = heirs[0].comm, .fd = heirs[0].fd },
			.forker = made.forker,
			.fork_stack = made.stack,
			.fork_call = made.call,
			.used_after_fork = used_after,
			.traffic_known = closer.closed->slot->received || closer.closed->slot->sent,
		};
		judgement->held = held;
		debtor_choose(socket, &closer, heirs, kept, judgement, debtor);
		return true;
	}
	return false;
}
