/* SPDX-License-Identifier: MIT */
/* The same question that the library asks at exit, to the same books: see sockaudit/pool.h. A site
 * is one process's. */
#include "pools.h"

#include "evidence.h"
#include "hash.h"

#include <sockaudit/pool.h>

struct pool_key {
	uint64_t frame;
	uint64_t member;
};

struct pool {
	UT_hash_handle hh;
	struct pool_key key;
	struct pool_site site;
};

/* False: the stack tells nothing. */
static bool key_of(const struct audit *audit, uint32_t member, stack_id stack, struct pool_key *key)
{
	const uint64_t *frames;

	if (!ledger_frames(audit->members->items[member].ledger, stack, &frames))
		return false;
	*key = (struct pool_key){ frames[0], member };
	return true;
}

static struct pool *pool_of(struct pool *pools, const struct audit *audit, uint32_t member,
			    stack_id stack)
{
	struct pool *pool = NULL;
	struct pool_key key;

	if (key_of(audit, member, stack, &key))
		HASH_FIND(hh, pools, &key, sizeof(key), pool);
	return pool;
}

static struct pool *pool_make(struct pool **pools, const struct audit *audit, uint32_t member,
			      stack_id stack)
{
	struct pool *pool = pool_of(*pools, audit, member, stack);
	struct pool_key key;

	if (!pool && key_of(audit, member, stack, &key)) {
		pool = arena_alloc(audit->arena, sizeof(*pool));
		pool->key = key;
		HASH_ADD(hh, *pools, key, sizeof(pool->key), pool);
	}
	return pool;
}

static bool is_candidate(const struct audited_socket *socket)
{
	struct verdict_kernel word = evidence_of_kernel(&socket->kernel);

	return socket->judgement &&
	       pool_candidate(&socket->judgement->verdict, &socket->judgement->merged, &word);
}

static void pools_fill(struct pool *pools, const struct audit *audit, uint32_t index)
{
	const struct ledger *ledger = audit->members->items[index].ledger;

	for (uint32_t i = 1; ledger && i < ledger->stack_count; i++) {
		struct pool *pool = pool_of(pools, audit, index, i);
		if (pool)
			pool_add_stack(&pool->site, &ledger->stacks[i]);
	}
	for (size_t i = 0; ledger && i < ledger->slot_count; i++) {
		const struct ledger_slot *slot = &ledger->slots[i].slot;
		struct pool *pool = pool_of(pools, audit, index, slot->opened_stack);
		if (pool)
			pool_add_slot(&pool->site, slot,
				      ledger_stack_of(ledger, slot->opened_stack));
	}
}

void audit_pools(struct audit *audit)
{
	struct pool *pools = NULL;

	for (size_t i = 0; i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		struct verdict_kernel word = evidence_of_kernel(&socket->kernel);
		if (!is_candidate(socket))
			continue;
		const struct socket_ref *opened = socket->judgement->opened;
		struct pool *pool =
			pool_make(&pools, audit, opened->member, opened->slot->opened_stack);
		if (pool)
			pool_add_candidate(
				&pool->site, &socket->judgement->verdict,
				&socket->judgement->merged, &word,
				audit->members->items[opened->member].ledger->ns_per_cycle);
	}
	for (uint32_t i = 0; pools && i < audit->members->count; i++)
		pools_fill(pools, audit, i);
	for (size_t i = 0; pools && i < audit->socket_count; i++) {
		const struct audited_socket *socket = audit->sockets[i];
		if (!is_candidate(socket))
			continue;
		const struct socket_ref *opened = socket->judgement->opened;
		struct pool *pool =
			pool_of(pools, audit, opened->member, opened->slot->opened_stack);
		if (pool && pool_at_work(&pool->site))
			socket->judgement->verdict.rule = VERDICT_STALE_POOL;
	}
	HASH_CLEAR(hh, pools);
}

void pool_facts(struct finding_list *list, struct finding *finding,
		struct audited_socket *const *sockets)
{
	uint32_t most = 0;

	for (size_t i = 0; i < finding->socket_count; i++) {
		uint32_t exchanges = history_exchanges(&sockets[i]->judgement->merged);
		most = exchanges > most ? exchanges : most;
	}
	finding_fact(list, finding, "exchanges", most);
}
