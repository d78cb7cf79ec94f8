/* SPDX-License-Identifier: MIT */
/*
 * Judges every audited socket. What its descriptors saw, in several numbers and processes, is put
 * together first: an EOF that a child read is an EOF of the socket. The rule itself stands in
 * sockaudit/verdict.h.
 */
#include "classify.h"

#include "evidence.h"
#include "held_by_child.h"
#include "marks.h"
#include "pools.h"

uint64_t member_end(const struct member *member)
{
	if (member->running && !member->superseded)
		return ledger_now(member->ledger);
	if (member->ledger->header.state != LEDGER_RUNNING && member->ledger->header.ended_at)
		return member->ledger->header.ended_at;
	/* Killed: it lived at least until the youngest time in its book. */
	return verdict_later(ledger_youngest(member->ledger), member->last_seen);
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

/* `closer`: whose process closed what a child holds; else NULL. */
static void grace_apply(struct judgement *judgement, const struct member *member,
			const struct member *closer, bool live, const struct grace *grace,
			const struct marks *marks)
{
	const struct ledger *ledger = member->ledger;
	const struct verdict *verdict = &judgement->verdict;
	uint64_t age = cycles_to_ms(ledger->ns_per_cycle, verdict->since, judgement->end);
	/* A program that runs may still be at work on a request whose client has left. */
	uint64_t patience = live && verdict->working ? VERDICT_WORKING_FACTOR : 1;

	/* Nothing was sent after the end: there is no work to wait for. */
	bool spins =
		verdict->rule == VERDICT_EOF_SPIN && verdict->since <= judgement->merged.eof_at;

	/* Whoever held it has ended, and who closed it goes on: nobody holds it. */
	if (verdict->rule == VERDICT_HELD_BY_CHILD && !live && closer && closer->running)
		return;
	if (grace->given) {
		judgement->ripe = age >= grace->ms * patience;
	} else if (ledger->header.grace_given) {
		judgement->ripe = age >= ledger->header.grace_ms * patience;
	} else if (live) {
		judgement->ripe =
			age >= (spins ? VERDICT_SPIN_GRACE_MS : VERDICT_LIVE_GRACE_MS * patience);
	} else {
		judgement->exit_rules = true;
		bool marked = marks && marks_between(marks, member->pid,
						     ledger_realtime(ledger, verdict->since),
						     ledger_realtime(ledger, judgement->end));
		judgement->ripe = verdict_ripe_at_exit(verdict, ledger->header.openings, marked,
						       judgement->end, ledger->ns_per_cycle);
		/* A child that has ended while its parent goes on has freed what it held: a saving
		 * of the data, a helper. */
		if (verdict->rule == VERDICT_HELD_BY_CHILD && age < VERDICT_LIVE_GRACE_MS &&
		    closer && member_end(closer) > judgement->end)
			judgement->ripe = false;
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
	case VERDICT_EOF_SPIN:
		return evidence->eof;
	case VERDICT_ERROR:
		return evidence->error;
	case VERDICT_HELD_BY_COPY:
	case VERDICT_HELD_BY_CHILD:
	case VERDICT_FIN_UNREAD:
	case VERDICT_STALE_POOL:
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

static void held_judge(struct heirs *heirs, struct audited_socket *socket,
		       const struct grace *grace)
{
	struct judgement judgement = { .found = false };
	const struct member *debtor;

	if (!held_by_child_judge(heirs, socket, &judgement, &debtor))
		return;
	grace_apply(&judgement, debtor,
		    judgement.closed ? &heirs->audit->members->items[judgement.closed->member]
				     : NULL,
		    socket->live, grace, heirs->audit->marks);
	socket->judgement = arena_alloc(heirs->audit->arena, sizeof(judgement));
	*socket->judgement = judgement;
}

static void socket_judge(struct audit *audit, struct audited_socket *socket,
			 const struct grace *grace, struct heirs *heirs)
{
	const struct socket_ref *opened = evidence_opener(socket);
	struct ledger_slot merged = *opened->slot;
	struct evidence evidence;
	bool owned = false;

	evidence_start(&merged, &evidence);
	for (size_t i = 0; i < socket->ref_count; i++) {
		const struct socket_ref *ref = &socket->refs[i];
		bool owns = ref->holds && !verdict_is_excused(ref->fd, ref->slot);
		evidence_of_origin(&merged, &evidence, ref);
		if (speaks(audit, socket, ref))
			evidence_of_life(&merged, &evidence, ref);
		if (owns && LIFE_PHASE(ref->slot->life) == PHASE_OPEN)
			evidence_of_close(&merged, &evidence, ref);
		owned |= owns;
	}
	if (!owned) {
		held_judge(heirs, socket, grace);
		return;
	}
	struct verdict_kernel word = evidence_of_kernel(&socket->kernel);
	word.unlisted = socket->unlisted &&
			(!socket->kernel.known || socket->kernel.tcp_state == KERNEL_CLOSE);
	const struct ledger *book = audit->members->items[opened->member].ledger;
	struct verdict verdict = verdict_of(&merged, &word, book->ns_per_cycle);
	if (verdict.rule == VERDICT_NONE)
		return;
	struct judgement *judgement = arena_alloc(audit->arena, sizeof(*judgement));
	judgement->verdict = verdict;
	judgement->merged = merged;
	judgement->opened = opened;
	judgement->connected = evidence.connect;
	judgement->evidence = verdict_aside(&merged, &verdict, socket->live)
				      ? evidence.interest
				      : evidence_of(verdict.rule, &evidence);
	judgement->last_use = evidence.used;
	judgement->told = evidence.told;
	judgement->closed = verdict.rule == VERDICT_HELD_BY_COPY ? evidence.closed : NULL;
	const struct member *debtor = debtor_of(audit, socket, judgement->evidence, opened);
	judgement->end = member_end(debtor);
	grace_apply(judgement, debtor, NULL, socket->live, grace, audit->marks);
	socket->judgement = judgement;
}

void audit_classify(struct audit *audit, const struct grace *grace)
{
	struct heirs heirs;

	audit->grace_given = grace->given;
	audit->grace_ms = grace->ms;
	heirs_start(&heirs, audit);
	for (size_t i = 0; i < audit->socket_count; i++)
		socket_judge(audit, audit->sockets[i], grace, &heirs);
	audit_pools(audit);
}

void audit_describe(const struct audit *audit, const struct audited_socket *socket,
		    struct judgement *judgement)
{
	struct evidence evidence;

	*judgement = (struct judgement){ .found = false };
	judgement->opened = evidence_opener(socket);
	judgement->merged = *judgement->opened->slot;
	evidence_start(&judgement->merged, &evidence);
	for (size_t i = 0; i < socket->ref_count; i++) {
		evidence_of_origin(&judgement->merged, &evidence, &socket->refs[i]);
		if (speaks(audit, socket, &socket->refs[i]))
			evidence_of_life(&judgement->merged, &evidence, &socket->refs[i]);
	}
	judgement->connected = evidence.connect;
	judgement->last_use = evidence.used;
	judgement->end = member_end(debtor_of(audit, socket, NULL, judgement->opened));
	judgement->verdict.since = judgement->end;
}
