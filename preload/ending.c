/* SPDX-License-Identifier: MIT */
/* The one line for the user, by the same verdicts as the report. */
#include "ending.h"
#include "ending_pools.h"
#include "fdtable.h"
#include "ledger_create.h"
#include "marks.h"
#include "settings.h"
#include "sys.h"
#include "text.h"
#include <sockaudit/verdict.h>
#include <sys/mman.h>

/* A socket that breaks a rule, as far as grouping into findings needs it. */
struct suspect {
	uint32_t rule;
	stack_id opened, evidence;
	bool ripe, may_be_pooled;
};

static const char *const rule_names[] = {
	[VERDICT_HELD_BY_COPY] = "held-by-copy",
	[VERDICT_CONNECT_FAILED] = "connect-failed-not-closed",
	[VERDICT_SHUTDOWN] = "shutdown-not-closed",
	[VERDICT_EOF] = "eof-not-closed",
	[VERDICT_ERROR] = "error-not-closed",
	[VERDICT_FIN_UNREAD] = "fin-unread",
	[VERDICT_EOF_SPIN] = "eof-spin",
};
#define RULES (sizeof rule_names / sizeof rule_names[0])

/* The memory of one summary: a word for each open descriptor, and for each group that may be. */
struct work {
	struct suspect *suspects;
	uint32_t *next;	 /* of a snapshot: another of the same socket, + 1 */
	uint32_t *first; /* of a group's home: its first snapshot, + 1 */
	uint32_t open;	 /* snapshots */
	struct pools pools;
};

struct verdict_kernel ending_word(const struct ledger_snapshot *snapshot, uint64_t at)
{
	if (!snapshot->valid)
		return (struct verdict_kernel){ .tcp_state = KERNEL_UNKNOWN };
	return (struct verdict_kernel){ .tcp_state = snapshot->tcp_state,
					.has_ages = snapshot->tcp_state != 0,
					.last_ack_recv_ms = snapshot->last_ack_recv_ms,
					.last_data_recv_ms = snapshot->last_data_recv_ms,
					.last_data_sent_ms = snapshot->last_data_sent_ms,
					.keepalive = snapshot->keepalive,
					.queue_known = snapshot->tcp_state != 0,
					/* The FIN counts as one. */
					.unread = snapshot->recv_q >
						  (snapshot->tcp_state == KERNEL_CLOSE_WAIT),
					.at = at };
}

/* Puts the descriptors of one socket into a row; the first of each row stands for it. */
static void groups_link(struct work *work)
{
	for (uint32_t i = work->open; i-- > 0;) {
		if (!ledger->snapshots[i].life)
			continue; /* no hook made it */
		uint32_t group = ledger->slots[ledger->snapshots[i].fd].group;

		if (!group)
			continue;
		work->next[i] = work->first[group - 1];
		work->first[group - 1] = i + 1;
	}
}

/* The socket of a snapshot, with what was lived through by each of its descriptors. */
static struct ledger_slot socket_of(const struct work *work, uint32_t snapshot)
{
	struct ledger_slot slot = ledger->slots[ledger->snapshots[snapshot].fd];

	verdict_drop_strangers(&slot);

	for (uint32_t other = work->next[snapshot]; other; other = work->next[other - 1])
		verdict_merge_open(&slot, &ledger->slots[ledger->snapshots[other - 1].fd]);
	return slot;
}

static uint32_t suspects_find(struct work *work)
{
	const struct ledger_header *header = ledger->header;
	uint64_t now = cycles_now();
	double rate = clock_rate(&header->clock_start, &header->clock_last);
	uint32_t count = 0;

	groups_link(work);
	for (uint32_t i = 0; i < work->open; i++) {
		const struct ledger_snapshot *snapshot = &ledger->snapshots[i];
		if (!snapshot->life)
			continue;
		uint32_t group = ledger->slots[snapshot->fd].group;

		if (group && work->first[group - 1] != i + 1)
			continue; /* told by the first of its row */
		struct ledger_slot slot = socket_of(work, i);
		struct verdict_kernel kernel = ending_word(snapshot, now);
		struct verdict verdict = verdict_of(&slot, &kernel, rate);
		if (verdict.rule == VERDICT_NONE || !ending_slot_is_open(&slot) ||
		    verdict_is_excused(snapshot->fd, &slot))
			continue;
		bool ripe = header->grace_given
				    ? cycles_to_ms(rate, verdict.since, now) >= header->grace_ms
				    : verdict_ripe_at_exit(&verdict, header->openings,
							   marks_last() > verdict.since, now, rate);
		/* The report tells findings apart by where reading was switched off, too. */
		stack_id evidence = verdict.rule == VERDICT_FIN_UNREAD
					    ? verdict_aside(&slot, &verdict, false)
					    : verdict.evidence_stack;
		bool may_be_pooled = pool_candidate(&verdict, &slot, &kernel);
		work->suspects[count++] = (struct suspect){ verdict.rule, slot.opened_stack,
							    evidence, ripe, may_be_pooled };
		if (may_be_pooled)
			pools_candidate(&work->pools, &slot, &verdict, &kernel, rate);
	}
	pools_fill(&work->pools);
	for (uint32_t i = 0; i < count; i++)
		if (work->suspects[i].may_be_pooled &&
		    pools_at_work(&work->pools, work->suspects[i].opened))
			work->suspects[i].rule = VERDICT_STALE_POOL;
	return count;
}

static bool same_finding(const struct suspect *a, const struct suspect *b)
{
	return a->rule == b->rule && a->opened == b->opened && a->evidence == b->evidence;
}

/*
 * Without a given grace, one ripe socket takes along its whole finding. Few findings, many sockets:
 * the ripe ones' representatives are kept, so that ten thousand sockets are compared with a
 * handful.
 */
#define FINDINGS_MOST 64
static void suspects_ripen(struct suspect *suspects, uint32_t count)
{
	uint32_t ripe[FINDINGS_MOST], findings = 0;

	if (ledger->header->grace_given)
		return;
	for (uint32_t i = 0; i < count && findings < FINDINGS_MOST; i++) {
		bool known = !suspects[i].ripe;

		for (uint32_t j = 0; j < findings && !known; j++)
			known = same_finding(&suspects[i], &suspects[ripe[j]]);
		if (!known)
			ripe[findings++] = i;
	}
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < findings && !suspects[i].ripe; j++)
			suspects[i].ripe = same_finding(&suspects[i], &suspects[ripe[j]]);
}

static uint32_t misuses_count(enum ledger_misuse_kind kind)
{
	const struct ledger_section *section = &ledger->header->sections[SECTION_MISUSES];
	uint32_t used = section->used < section->capacity ? section->used : section->capacity,
		 count = 0;

	for (uint32_t i = 1; i < used; i++)
		count += ledger->misuses[i].kind == kind;
	return count;
}

static void line_add(char *line, size_t room, uint32_t count, const char *rule)
{
	if (!count)
		return;
	text_add(line, room, line[0] ? ", " : "");
	text_add_number(line, room, count);
	text_add(line, room, " ");
	text_add(line, room, rule);
}

uint32_t ending_summary(void)
{
	uint32_t sums[RULES] = { 0 }, total = 0, doubles = misuses_count(MISUSE_DOUBLE_CLOSE),
		 uses = misuses_count(MISUSE_USE_AFTER_CLOSE);
	struct work work = { .open = ledger->header->sections[SECTION_SNAPSHOTS].used };
	size_t size = work.open * (sizeof *work.suspects + sizeof *work.next) +
		      ((size_t)ledger->header->max_fd + 1) * sizeof *work.first;
	long map = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (map > 0 || map <= -4096) {
		work.suspects = (struct suspect *)map;
		work.next = (uint32_t *)(work.suspects + work.open);
		work.first = work.next + work.open;
		pools_begin(&work.pools, work.open);
		uint32_t count = suspects_find(&work);
		suspects_ripen(work.suspects, count);
		for (uint32_t i = 0; i < count; i++) {
			/* A pool's are a note: no matter for this line. */
			if (work.suspects[i].rule == VERDICT_STALE_POOL)
				continue;
			sums[work.suspects[i].rule] += work.suspects[i].ripe;
			total += work.suspects[i].ripe;
		}
		pools_end(&work.pools);
		sys_munmap((void *)map, size);
	}
	total += doubles + uses;
	ledger->header->verdict_sockets = total;
	if (!total || !settings.summary)
		return total;
	char line[256] = "", number[24];
	for (unsigned i = 1; i < RULES; i++)
		line_add(line, sizeof line, sums[i], rule_names[i]);
	line_add(line, sizeof line, doubles, "double-close");
	line_add(line, sizeof line, uses, "use-after-close");
	complain(complain_number(number, total), total == 1 ? " socket: " : " sockets: ", line,
		 "; run: sockaudit report ", ledger_create_path(), NULL);
	return total;
}
