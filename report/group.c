/* SPDX-License-Identifier: MIT */
/* Makes findings of judged sockets and of misuses; see group.h. */
#include "group.h"

#include "cause.h"
#include "cause_unread.h"
#include "evidence.h"
#include "finding_marks.h"
#include "hash.h"
#include "pools.h"
#include "served.h"
#include "siblings.h"
#include "socket_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stacks by their lines of source: one line can be compiled to several addresses. */
struct group_key {
	uint32_t rule, opened, second, reserved;
};

struct misuse_ref {
	const struct member *member;
	const struct ledger_misuse *misuse;
};

struct group {
	UT_hash_handle hh;
	struct group_key key;
	uint32_t opened, second; /* the first of these stacks: the one to show */
	struct audited_socket **sockets;
	size_t socket_count, socket_room;
	struct misuse_ref *misuses;
	size_t misuse_count, misuse_room;
	bool ripe_at_exit; /* one of those judged by the exit rules is ripe: it takes the others
			      along */
};

struct grouping {
	struct audit *audit;
	struct code *code;
	struct group *groups;
};

static enum finding_rule finding_rule_of(enum verdict_rule rule)
{
	switch (rule) {
	case VERDICT_HELD_BY_COPY:
		return RULE_HELD_BY_COPY;
	case VERDICT_CONNECT_FAILED:
		return RULE_CONNECT_FAILED;
	case VERDICT_SHUTDOWN:
		return RULE_SHUTDOWN;
	case VERDICT_EOF:
		return RULE_EOF;
	case VERDICT_ERROR:
		return RULE_ERROR;
	case VERDICT_FIN_UNREAD:
		return RULE_FIN_UNREAD;
	case VERDICT_HELD_BY_CHILD:
		return RULE_HELD_BY_CHILD;
	case VERDICT_EOF_SPIN:
		return RULE_EOF_SPIN;
	case VERDICT_STALE_POOL:
		return RULE_STALE_POOL;
	case VERDICT_NONE:
		break;
	}
	return RULE_COUNT;
}

static uint32_t ref_stack(struct grouping *grouping, const struct socket_ref *ref, stack_id stack)
{
	return ref ? code_stack(grouping->code, &grouping->audit->members->items[ref->member],
				stack)
		   : 0;
}

/* The stack that an evidence has in the slot of the descriptor that saw it. */
static stack_id evidence_stack(const struct judgement *judgement)
{
	const struct ledger_slot *slot = judgement->evidence ? judgement->evidence->slot : NULL;

	if (!slot)
		return 0;
	switch (judgement->verdict.rule) {
	case VERDICT_CONNECT_FAILED:
		return slot->connect_stack;
	case VERDICT_SHUTDOWN:
		return slot->shutdown_stack;
	case VERDICT_EOF:
	case VERDICT_EOF_SPIN:
		return slot->eof_stack;
	case VERDICT_ERROR:
		return slot->error_stack;
	case VERDICT_FIN_UNREAD:
		return ASIDE_STACK(slot);
	case VERDICT_HELD_BY_COPY:
	case VERDICT_HELD_BY_CHILD:
	case VERDICT_STALE_POOL:
	case VERDICT_NONE:
		break;
	}
	return 0;
}

static struct group *group_of(struct grouping *grouping, enum finding_rule rule, uint32_t opened,
			      uint32_t second)
{
	struct group_key key = { rule, code_lines(grouping->code, opened),
				 code_lines(grouping->code, second), 0 };
	struct group *group;

	HASH_FIND(hh, grouping->groups, &key, sizeof(key), group);
	if (!group) {
		group = arena_alloc(grouping->audit->arena, sizeof(*group));
		group->key = key;
		group->opened = opened;
		group->second = second;
		HASH_ADD(hh, grouping->groups, key, sizeof(group->key), group);
	}
	return group;
}

/* Beside the place of opening, the one that tells this finding from others: where the end was seen,
 * where the child was made that holds the socket, or where the descriptor was closed that was not
 * the only one. */
static uint32_t second_stack(struct grouping *grouping, const struct judgement *judgement)
{
	const struct held_by_child *held = judgement->held;

	if (held)
		return held->forker ? code_stack(grouping->code, held->forker, held->fork_stack)
				    : 0;
	if (judgement->closed)
		return ref_stack(grouping, judgement->closed,
				 judgement->closed->slot->closed_stack);
	return ref_stack(grouping, judgement->evidence, evidence_stack(judgement));
}

static void socket_group(struct grouping *grouping, struct audited_socket *socket)
{
	const struct judgement *judgement = socket->judgement;
	enum finding_rule rule = finding_rule_of(judgement->verdict.rule);

	if (rule == RULE_COUNT || (!judgement->ripe && !judgement->exit_rules))
		return;
	struct group *group = group_of(
		grouping, rule,
		ref_stack(grouping, judgement->opened, judgement->opened->slot->opened_stack),
		second_stack(grouping, judgement));
	group->ripe_at_exit |= judgement->exit_rules && judgement->ripe;
	group->sockets = arena_more(grouping->audit->arena, group->sockets, group->socket_count,
				    &group->socket_room, sizeof(struct audited_socket *));
	group->sockets[group->socket_count++] = socket;
}

static enum finding_rule misuse_rule_of(uint32_t kind)
{
	switch ((enum ledger_misuse_kind)kind) {
	case MISUSE_DOUBLE_CLOSE:
		return RULE_DOUBLE_CLOSE;
	case MISUSE_USE_AFTER_CLOSE:
		return RULE_USE_AFTER_CLOSE;
	case MISUSE_VOID:
		break;
	}
	return RULE_COUNT;
}

static void misuses_group(struct grouping *grouping, const struct member *member)
{
	const struct ledger *ledger = member->ledger;

	for (uint32_t i = 0; i < ledger->misuse_count; i++) {
		const struct ledger_misuse *misuse = &ledger->misuses[i];
		enum finding_rule rule = misuse_rule_of(misuse->kind);
		/* Not yet written to its end, or taken back. */
		if (!misuse->at || rule == RULE_COUNT)
			continue;
		struct group *group = group_of(
			grouping, rule, code_stack(grouping->code, member, misuse->opened_stack),
			code_stack(grouping->code, member, misuse->stack));
		bool again = false;
		for (size_t j = 0; j < group->misuse_count && !again && misuse->cookie; j++)
			again = group->misuses[j].member == member &&
				group->misuses[j].misuse->cookie == misuse->cookie;
		if (again)
			continue;
		group->misuses =
			arena_more(grouping->audit->arena, group->misuses, group->misuse_count,
				   &group->misuse_room, sizeof(*group->misuses));
		group->misuses[group->misuse_count++] = (struct misuse_ref){ member, misuse };
	}
}

/* Of those judged by the exit rules, none stays without a ripe one beside it. */
static void group_ripen(struct group *group)
{
	size_t kept = 0;

	for (size_t i = 0; i < group->socket_count; i++) {
		struct judgement *judgement = group->sockets[i]->judgement;
		judgement->found =
			judgement->ripe || (judgement->exit_rules && group->ripe_at_exit);
		if (judgement->found)
			group->sockets[kept++] = group->sockets[i];
	}
	group->socket_count = kept;
}

static const char *ref_call(struct grouping *grouping, const struct socket_ref *ref, uint32_t call)
{
	return ref ? ledger_call(grouping->audit->members->items[ref->member].ledger, call) : NULL;
}

static int row_compare(const void *a, const void *b)
{
	const struct socket_row *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

/* Of the children that hold these sockets, the one that two reports agree on. */
static const struct holder *first_child(const struct group *group)
{
	const struct holder *first = NULL;

	for (size_t i = 0; i < group->socket_count; i++) {
		const struct holder *child = &group->sockets[i]->judgement->held->child;
		if (!first || child->pid < first->pid ||
		    (child->pid == first->pid && child->fd < first->fd))
			first = child;
	}
	return first;
}

/* The wait that told of a FIN, where nothing else of the program met it: of the first such socket,
 * as one of them is enough to send the reader there. */
static struct place told_place(struct grouping *grouping, const struct group *group)
{
	for (size_t i = 0; i < group->socket_count; i++) {
		const struct judgement *judgement = group->sockets[i]->judgement;
		const struct socket_ref *told = judgement->told;
		if (unread_is_told(judgement))
			return code_place(grouping->code,
					  ref_call(grouping, told, told->slot->told_call), 0,
					  ref_stack(grouping, told, told->slot->told_stack));
	}
	return (struct place){ .call = NULL };
}

static void finding_of_sockets(struct grouping *grouping, const struct group *group,
			       struct finding *finding)
{
	const struct judgement *judgement = group->sockets[0]->judgement;
	const struct socket_ref *connected = judgement->connected;
	const struct verdict *verdict = &judgement->verdict;

	finding->opened =
		code_place(grouping->code, evidence_opened_call(grouping->audit, judgement->opened),
			   0, group->opened);
	if (connected)
		finding->connected =
			code_place(grouping->code,
				   ref_call(grouping, connected, connected->slot->connect_call),
				   connected->slot->connect_errno,
				   ref_stack(grouping, connected, connected->slot->connect_stack));
	if (judgement->held) {
		finding->child = first_child(group);
		finding->fork =
			code_place(grouping->code, judgement->held->fork_call, 0, group->second);
	}
	if (judgement->closed)
		finding->closed = code_place(
			grouping->code,
			ref_call(grouping, judgement->closed, judgement->closed->slot->closed_call),
			0,
			ref_stack(grouping, judgement->closed,
				  judgement->closed->slot->closed_stack));
	else
		finding->evidence = code_place(
			grouping->code,
			verdict->rule == VERDICT_FIN_UNREAD
				? judgement->evidence ? "epoll_ctl" : NULL
				: ref_call(grouping, judgement->evidence, verdict->evidence_call),
			verdict->evidence_errno, group->second);
	if (finding->rule == RULE_FIN_UNREAD && !finding->evidence.call)
		finding->told = told_place(grouping, group);
	if (finding->rule == RULE_FIN_UNREAD)
		finding->served = served_fork(grouping->audit, grouping->code, group->sockets,
					      group->socket_count);
	finding->sockets =
		arena_array(grouping->audit->arena, group->socket_count, sizeof(*finding->sockets));
	finding->socket_count = group->socket_count;
	finding->last_use_ms = MS_UNKNOWN;
	for (size_t i = 0; i < group->socket_count; i++) {
		struct socket_row *row = &finding->sockets[i];
		socket_row_fill(grouping->audit, group->sockets[i], row);
		if (row->last_call && row->last_use_ms < finding->last_use_ms) {
			finding->last_use_ms = row->last_use_ms;
			finding->last_call = row->last_call;
		}
	}
}

static void finding_of_misuses(struct grouping *grouping, const struct group *group,
			       struct finding *finding)
{
	const struct member *member = group->misuses[0].member;
	const struct ledger_misuse *misuse = group->misuses[0].misuse;

	finding->opened = code_place(
		grouping->code, ledger_call(member->ledger, misuse->opened_call), 0, group->opened);
	finding->evidence = code_place(grouping->code, ledger_call(member->ledger, misuse->call),
				       misuse->error > 0 ? misuse->error : EBADF, group->second);
	finding->closed =
		code_place(grouping->code, ledger_call(member->ledger, misuse->closed_call), 0,
			   code_stack(grouping->code, member, misuse->closed_stack));
	finding->sockets =
		arena_array(grouping->audit->arena, group->misuse_count, sizeof(*finding->sockets));
	finding->socket_count = group->misuse_count;
	finding->last_use_ms = MS_UNKNOWN;
	for (size_t i = 0; i < group->misuse_count; i++)
		misuse_row_fill(grouping->audit, group->misuses[i].member, group->misuses[i].misuse,
				&finding->sockets[i]);
}

void audit_group(struct audit *audit, struct code *code, struct finding_list *list)
{
	struct grouping grouping = { .audit = audit, .code = code };
	struct siblings *siblings = NULL;

	for (size_t i = 0; i < audit->socket_count; i++)
		if (audit->sockets[i]->judgement)
			socket_group(&grouping, audit->sockets[i]);
	for (size_t i = 0; i < audit->members->count; i++)
		if (audit->members->items[i].ledger && !audit->members->items[i].witness)
			misuses_group(&grouping, &audit->members->items[i]);
	for (struct group *group = grouping.groups; group; group = group->hh.next) {
		group_ripen(group);
		if (!group->socket_count && !group->misuse_count)
			continue;
		if (!siblings)
			siblings = siblings_new(audit, code);
		struct finding *finding = finding_add(list, (enum finding_rule)group->key.rule);
		if (group->socket_count)
			finding_of_sockets(&grouping, group, finding);
		else
			finding_of_misuses(&grouping, group, finding);
		finding->count = finding->socket_count;
		/* A descriptor that was closed twice owes nothing, nor does one that a child holds:
		 * no sibling did better. */
		if (group->socket_count && finding->rule != RULE_HELD_BY_CHILD)
			siblings_fill(siblings, group->opened, finding);
		finding_marks(audit, finding, group->sockets);
		finding_cause(audit, finding, group->sockets);
		if (finding->rule == RULE_STALE_POOL)
			pool_facts(list, finding, group->sockets);
		if (finding->socket_count)
			qsort(finding->sockets, finding->socket_count, sizeof(*finding->sockets),
			      row_compare);
	}
	if (siblings)
		siblings_free(siblings);
	HASH_CLEAR(hh, grouping.groups);
}
