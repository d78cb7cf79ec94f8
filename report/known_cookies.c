/* SPDX-License-Identifier: MIT */
#include "known_cookies.h"

static struct audited_socket unnamed; /* which socket it is doesn't matter here */

static void add(struct known_cookies *known, uint64_t cookie)
{
	if (cookie && !index_find(&known->index, cookie, 0))
		index_add(&known->index, cookie, 0, &unnamed);
}

static void take(struct known_cookies *known, const struct audit *audit)
{
	uint64_t this_boot = index_boot(proc_boot_id(audit->arena));

	known->taken = true;
	for (size_t i = 0; i < audit->members->count; i++) {
		const struct ledger *ledger = audit->members->items[i].ledger;
		if (!ledger || index_boot(ledger->header.boot_id) != this_boot)
			continue;
		for (size_t j = 0; j < ledger->slot_count; j++)
			add(known, ledger->slots[j].slot.cookie);
		for (uint32_t j = 0; j < ledger->closed_count; j++)
			add(known, ledger->closed[j].cookie);
	}
}

bool cookie_is_known(struct known_cookies *known, const struct audit *audit, uint64_t cookie)
{
	if (!cookie)
		return false;
	if (!known->taken)
		take(known, audit);
	return index_find(&known->index, cookie, 0) != NULL;
}

void known_cookies_free(struct known_cookies *known)
{
	index_free(&known->index);
}
